import type { Element } from "xast";
import { toXml } from "xast-util-to-xml";
import { x } from "xastscript";
import { isOfRun, passed, titleOf } from "./report.ts";
import type { Report } from "./report.ts";

interface Case {
  readonly name: string;
  readonly failure?: string;
  readonly skipped?: string;
}

/** The report as JUnit XML, which most CI systems show: each row of the matrix and each proof is a test case, and the run itself is one. */
export function renderJunit(report: Report): string {
  const { stack, access, proofs, steps, findings, succeeded, says, command } = report;
  const errors = findings.filter(({ severity }) => severity === "error").map(({ text }) => text);
  const suites = [
    suite(`${stack}: ${command}`, [
      { name: command, ...(succeeded ? {} : { failure: [...says, ...errors].join("\n") }) },
    ]),
    suite(
      `${stack}: access`,
      access.rows.map((row) => ({
        name: titleOf(row),
        ...(isOfRun(row, access) ? {} : { skipped: "this run did not measure it" }),
        ...(passed(row) || !isOfRun(row, access)
          ? {}
          : { failure: `expected ${row.expected}, got ${row.measured}. ${row.lookAt ?? ""}`.trim() }),
      })),
    ),
    suite(
      `${stack}: proofs`,
      proofs.map(({ group, name, result, found }) => ({
        name: `${group}: ${name}`,
        ...(result === "failed" ? { failure: found } : {}),
        ...(result === "skipped" ? { skipped: found } : {}),
      })),
    ),
    suite(
      `${stack}: resources`,
      steps.map(({ name, state, difference }) => ({
        name,
        ...(state === "failed" || state === "differs" ? { failure: difference ?? state } : {}),
        ...(state === "not run" ? { skipped: "the run ended before it" } : {}),
      })),
    ),
  ];
  return `<?xml version="1.0" encoding="UTF-8"?>\n${toXml(x("testsuites", null, ...suites))}\n`;
}

function suite(name: string, cases: readonly Case[]): Element {
  return x(
    "testsuite",
    {
      name,
      tests: cases.length,
      failures: cases.filter(({ failure }) => failure !== undefined).length,
      skipped: cases.filter(({ skipped }) => skipped !== undefined).length,
    },
    ...cases.map((one) =>
      x(
        "testcase",
        { name: clean(one.name), classname: name },
        one.failure === undefined ? undefined : x("failure", { message: clean(one.failure) }),
        one.skipped === undefined ? undefined : x("skipped", { message: clean(one.skipped) }),
      ),
    ),
  );
}

/** Without the characters that XML 1.0 has no way to write. */
function clean(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "");
}
