import { instance } from "@viz-js/viz";
import type { Step, StepState } from "./report.ts";

/** How each state is written, so that nobody needs to see its colour. */
export const MARKS: Readonly<Record<StepState, string>> = {
  created: "+",
  updated: "~",
  replaced: "±",
  deleted: "−",
  unchanged: "✓",
  differs: "≠",
  failed: "✗",
  "not run": "…",
  recorded: "•",
};

/**
 * The rollout as SVG: an arrow for each dependency that no other path implies, a box for each component. Graphviz places it. The classes of the nodes are
 * the states; the page's style sheet gives them colours.
 */
export async function drawGraph(steps: readonly Step[]): Promise<string> {
  const viz = await instance();
  const svg = viz.renderString(
    {
      directed: true,
      graphAttributes: {
        rankdir: "TB",
        nodesep: 0.15,
        ranksep: 0.3,
        fontname: FONT,
        fontsize: 11,
        bgcolor: "transparent",
      },
      nodeAttributes: { shape: "box", style: "rounded", fontname: FONT, fontsize: 11, margin: "0.3,0.06", height: 0 },
      edgeAttributes: { arrowsize: 0.5 },
      nodes: steps.filter(({ component }) => component === "").map((step) => nodeOf(step)),
      subgraphs: [...new Set(steps.map(({ component }) => component))]
        .filter((component) => component !== "")
        .map((component) => ({
          name: `cluster_${component}`,
          // At the left, where the arrows from above do not cross it.
          graphAttributes: { label: `\u00a0\u00a0${component}`, labeljust: "l", style: "rounded", class: "component" },
          nodes: steps.filter((step) => step.component === component).map((step) => nodeOf(step)),
        })),
      edges: reduced(steps).map(([tail, head]) => ({ tail, head })),
    },
    { format: "svg" },
  );
  // The page holds it inline: no XML declaration, and no size but that of its viewBox.
  return svg.slice(svg.indexOf("<svg"));
}

const FONT = "Helvetica,Arial,sans-serif";

function nodeOf({ urn, name, state, seconds }: Step) {
  const took = seconds === undefined || state === "unchanged" ? "" : `, ${duration(seconds)}`;
  return {
    name: urn,
    attributes: { label: `${MARKS[state]} ${name}\n${state}${took}`, class: `state-${state.replace(" ", "-")}` },
  };
}

/** The events are exact to a second. */
export function duration(seconds: number): string {
  if (seconds < 1) return "< 1 s";
  return seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}

/** Dependencies without those that follow from others. */
export function reduced(steps: readonly Step[]): readonly (readonly [from: string, to: string])[] {
  const urns = new Set(steps.map(({ urn }) => urn));
  const before = new Map(steps.map(({ urn, dependsOn }) => [urn, dependsOn.filter((other) => urns.has(other))]));
  const ancestors = new Map<string, ReadonlySet<string>>();
  const ancestorsOf = (urn: string): ReadonlySet<string> => {
    const known = ancestors.get(urn);
    if (known !== undefined) return known;
    // The engine allows no cycles; a damaged state must not end in an endless recursion.
    ancestors.set(urn, new Set());
    const all = new Set((before.get(urn) ?? []).flatMap((direct) => [direct, ...ancestorsOf(direct)]));
    ancestors.set(urn, all);
    return all;
  };
  return steps.flatMap(({ urn }) => {
    const direct = before.get(urn) ?? [];
    return direct
      .filter((one) => !direct.some((other) => other !== one && ancestorsOf(other).has(one)))
      .map((one) => [one, urn] as const);
  });
}
