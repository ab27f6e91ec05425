import { h } from "hastscript";
import type { Element } from "hast";
import { passed } from "../report.ts";
import type { AccessMeasured, Report } from "../report.ts";
import { time } from "./parts.ts";

/** Who may do what: expected and measured. */
export function accessSection({ access }: Report): Element | undefined {
  if (access.rows.length === 0) return undefined;
  const { checked, rows, outdated } = access;
  const head = ["Who", "What", "Expected", "Measured", "Result"].map((name) => h("th", { scope: "col" }, name));
  return h(
    "section",
    { "aria-labelledby": "access" },
    h("h2", { id: "access" }, "Who may do what"),
    checked === undefined ? undefined : h("p", "Measured ", time(checked), ", with requests to the live registry."),
    outdated === true
      ? h("p", { class: "failed" }, "✗ This run did not come to a result: the table is that of the last run that did.")
      : undefined,
    rows.some((row) => row.outdated === true)
      ? h(
          "p",
          { class: "failed" },
          "✗ This run did not measure the access of every account: rows that are “not measured” are those of the last run that did.",
        )
      : undefined,
    h("table", h("thead", h("tr", ...head)), h("tbody", ...rows.map(rowOf))),
  );
}

function rowOf(row: AccessMeasured): Element {
  const { subject, operation, target, expected, measured, lookAt } = row;
  const good = passed(row);
  const [kind, result] =
    row.outdated === true ? ["skipped", "– not measured"] : good ? ["passed", "✓ passed"] : ["failed", "✗ failed"];
  return h(
    "tr",
    { class: good ? "" : "wrong" },
    h("th", { scope: "row" }, subject),
    h(
      "td",
      operation,
      target === undefined ? "" : h("span", " ", h("code", target)),
      lookAt === undefined ? "" : h("p", lookAt),
    ),
    // Where there is little space, a status that is the expected one is shown once.
    h("td", { "data-label": "Expected", class: good ? "as-expected" : "" }, said(expected)),
    h("td", { "data-label": "Measured" }, said(measured)),
    h("td", { class: kind, "data-label": "Result" }, result),
  );
}

/** What the statuses of the matrix mean. */
const MEANINGS: Readonly<Record<number, string>> = {
  200: "allowed",
  201: "allowed",
  202: "allowed",
  302: "redirected to sign in",
  401: "must sign in",
  403: "refused",
  404: "not found",
};

function said(status: number): Element {
  const meaning = MEANINGS[status];
  if (meaning === undefined) return h("span", String(status));
  return h("span", `${status} `, h("span", { class: meaning === "allowed" ? "may" : "may-not" }, meaning));
}
