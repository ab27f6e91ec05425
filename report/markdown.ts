import { MARKS } from "./graph.ts";
import { headline, shortTime } from "./page/parts.ts";
import { keysOf, passed } from "./report.ts";
import type { AccessMeasured, Report } from "./report.ts";

/** The report as Markdown, for a job summary or a comment: what needs somebody first, then the tables. */
export function renderMarkdown(report: Report): string {
  const { stack, command, ended, says, findings, access, proofs, steps } = report;
  const changed = steps.filter(({ state }) => state !== "unchanged" && state !== "recorded");
  const sections = [
    `## ${report.succeeded ? "✓" : "✗"} ${text(stack)}: zot-auth ${command}`,
    [headline(report), ...says].map(text).join(" "),
    shortTime(ended),
    findings
      .map(
        ({ severity, step, text: said }) =>
          `- **${severity}**${step === undefined ? "" : ` in ${text(step)}`}: ${text(said)}`,
      )
      .join("\n"),
    ...keysOf(report).map(
      ({ account, rotates, expires, unmanaged }) =>
        `The key of ${text(account)} rotates from ${shortTime(rotates)} and expires ${shortTime(expires)}. Unmanaged keys: ${unmanaged}.`,
    ),
    ...(report.jobs ?? []).map(
      ({ account, repositories, prefix }) =>
        `Jobs of ${text(repositories.join(", "))} push below ${text(prefix)} as ${text(account)}, with tokens of their own.`,
    ),
    table(
      ["Resource", "State", "Difference"],
      changed.map(({ name, state, difference }) => [name, `${MARKS[state]} ${state}`, difference ?? ""]),
    ),
    access.outdated === true ? "This run did not measure the access. The table is that of the last run that did." : "",
    table(
      ["Who", "What", "Expected", "Measured", ""],
      access.rows.map((row) => [
        row.subject,
        [row.operation, row.target ?? ""].join(" ").trim(),
        String(row.expected),
        String(row.measured),
        resultOf(row),
      ]),
    ),
    table(
      ["Proof", "Result", "Found"],
      proofs.map(({ group, name, result, found }) => [`${group}: ${name}`, result, found]),
    ),
  ];
  return `${sections.filter((section) => section !== "").join("\n\n")}\n`;
}

function resultOf(row: AccessMeasured): string {
  if (row.outdated === true) return "– this run did not measure it";
  return passed(row) ? "✓" : `✗ ${row.lookAt ?? ""}`.trim();
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return "";
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map((cells) => line(cells.map(text)))].join("\n");
}

/** Text on one line, in which Markdown and HTML find nothing to interpret. */
function text(value: string): string {
  return value.replace(/\s*\n\s*/g, " ").replace(/[\\`*_[\]<>|#~&@]/g, (character) => `&#${character.codePointAt(0)};`);
}
