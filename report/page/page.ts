import { h } from "hastscript";
import type { Element } from "hast";
import { toHtml } from "hast-util-to-html";
import { drawGraph } from "../graph.ts";
import type { Report } from "../report.ts";
import { accessSection } from "./access.ts";
import { jobSections } from "./jobs.ts";
import { keySections } from "./key.ts";
import { countsOf, headline, time } from "./parts.ts";
import { rolloutSection } from "./rollout.ts";
import { STYLE } from "./style.ts";

/** The report as one HTML file: no script, no network, nothing beside it. */
export async function renderPage(report: Report): Promise<string> {
  const graph = report.steps.length === 0 ? "" : await drawGraph(report.steps);
  const { stack } = report;
  const page = h(
    "html",
    { lang: "en" },
    h(
      "head",
      h("meta", { charset: "utf-8" }),
      h("meta", { name: "viewport", content: "width=device-width, initial-scale=1" }),
      h("meta", { name: "color-scheme", content: "light dark" }),
      h("meta", { name: "robots", content: "noindex" }),
      h("title", `${report.succeeded ? "✓" : "✗"} ${stack}: zot-auth ${report.command}`),
      h("style", STYLE),
    ),
    h(
      "body",
      h("header", ...heading(report)),
      h(
        "main",
        findingsSection(report),
        ...keySections(report),
        ...jobSections(report),
        accessSection(report),
        proofsSection(report),
        rolloutSection(report, graph),
        versionsSection(report),
      ),
      h("footer", h("p", "Made by zot-auth from the stack's state and the engine's events. It holds no secret.")),
    ),
  );
  return `<!doctype html>\n${toHtml(page, { allowDangerousHtml: true })}\n`;
}

function heading(report: Report): readonly Element[] {
  const { stack, command, ended, says } = report;
  return [
    h("p", { class: "kind" }, command === "report" ? "zot-auth, as recorded" : `zot-auth ${command}`),
    h("h1", stack),
    h("p", { class: report.succeeded ? "verdict passed" : "verdict failed" }, headline(report)),
    h("p", time(ended), report.seconds === undefined ? "" : ` · ${report.seconds} s`),
    ...says.map((sentence) => h("p", sentence)),
    h(
      "ul",
      { class: "counts" },
      ...countsOf(report).map(({ label, value, good }) =>
        h("li", { class: good ? "passed" : "failed" }, h("strong", value), " ", label),
      ),
    ),
  ];
}

function findingsSection({ findings }: Report): Element | undefined {
  if (findings.length === 0) return undefined;
  return h(
    "section",
    { "aria-labelledby": "findings" },
    h("h2", { id: "findings" }, "Findings"),
    h(
      "ul",
      { class: "findings" },
      ...findings.map(({ severity, step, text }) =>
        h(
          "li",
          { class: severity },
          h("strong", severity === "error" ? "✗ error" : "! warning"),
          step === undefined ? "" : ` in ${step}`,
          h("p", text),
        ),
      ),
    ),
  );
}

const PROOF_MARKS = { passed: "✓ passed", failed: "✗ failed", skipped: "– skipped" } as const;

function proofsSection({ proofs }: Report): Element | undefined {
  if (proofs.length === 0) return undefined;
  const head = ["Proof", "Result", "Found"].map((name) => h("th", { scope: "col" }, name));
  return h(
    "section",
    { "aria-labelledby": "proofs" },
    h("h2", { id: "proofs" }, "Other proofs"),
    h(
      "table",
      h("thead", h("tr", ...head)),
      h(
        "tbody",
        ...proofs.map(({ group, name, result, found }) =>
          h(
            "tr",
            h("th", { scope: "row" }, `${group}: ${name}`),
            h("td", { class: result, "data-label": "Result" }, PROOF_MARKS[result]),
            h("td", { "data-label": "Found" }, found),
          ),
        ),
      ),
    ),
  );
}

function versionsSection({ versions, standIns }: Report): Element | undefined {
  const entries = Object.entries(versions);
  if (entries.length === 0 && standIns.length === 0) return undefined;
  return h(
    "section",
    { "aria-labelledby": "versions" },
    h("h2", { id: "versions" }, "Versions"),
    h("dl", ...entries.flatMap(([name, version]) => [h("dt", name), h("dd", version)])),
    standIns.length === 0 ? undefined : h("p", `Stand-ins took the place of: ${standIns.join(", ")}.`),
  );
}
