import { h } from "hastscript";
import type { Element } from "hast";
// Adds `raw`, HTML that is rendered as it is, to the kinds of nodes.
import type {} from "mdast-util-to-hast";
import { MARKS, duration } from "../graph.ts";
import type { Report, Step } from "../report.ts";

/** The graph, and the same as a table: for screen readers, and for those who want to search. */
export function rolloutSection({ steps, command }: Report, graph: string): Element | undefined {
  if (steps.length === 0) return undefined;
  const head = ["Resource", "Type", "State", "Time"].map((name) => h("th", { scope: "col" }, name));
  const label = "Graph of the resources: each arrow points to what waits for it. The table below lists the same.";
  return h(
    "section",
    { "aria-labelledby": "rollout" },
    h("h2", { id: "rollout" }, command === "check" ? "Resources" : "Rollout"),
    h(
      "div",
      {
        class: "scroll",
        role: "img",
        "aria-label": label,
        tabindex: 0,
      },
      { type: "raw", value: graph },
    ),
    h("p", { class: "hint" }, "The graph scrolls sideways. The table has the same."),
    h(
      "details",
      { open: steps.some(({ state }) => state === "failed" || state === "differs") },
      h("summary", `All ${steps.length} resources as a table`),
      h("table", h("thead", h("tr", ...head)), h("tbody", ...steps.map(rowOf))),
    ),
  );
}

function rowOf({ name, type, state, seconds, difference }: Step): Element {
  return h(
    "tr",
    h("th", { scope: "row" }, name),
    h("td", { "data-label": "Type" }, h("code", type)),
    h(
      "td",
      { "data-label": "State", class: `state-${state.replace(" ", "-")}` },
      `${MARKS[state]} ${state}`,
      difference === undefined ? "" : h("p", difference),
    ),
    h("td", { "data-label": "Time" }, seconds === undefined ? "" : duration(seconds)),
  );
}
