// docs/conformance.md, made from what was measured.
import { readFileSync } from "node:fs";
import { format } from "prettier";
import type { Measured, Result } from "./results.ts";
import { shownTally, totalOf } from "./results.ts";
import { categories, suites } from "./suites.ts";
import type { Suite } from "./suites.ts";

export const page = new URL("../../docs/conformance.md", import.meta.url);
export const data = new URL("../data/conformance.json", import.meta.url);

export const accounts = ["admin", "zot-ci"] as const;

export function readMeasured(): Measured {
  return JSON.parse(readFileSync(data, "utf8")) as Measured;
}

export function renderPage(measured: Measured): Promise<string> {
  const text = `# OCI conformance

\`npm run conformance\` builds the two public conformance suites of the OCI distribution specification from their Go module, once, runs
them against the lab's stand-in for zot and against a real zot where PATH has one, and writes this page. It needs Go. Both serve the
three-tier access: \`admin\` is in the group that may do everything, \`zot-ci\` in the one that may read and create. Each run has a registry
of its own. The cells say how many cases passed / failed / were skipped.

${suites.map((suite) => renderSuite(suite, measured)).join("\n\n")}

## What fails for admin

Nothing but this: zot looks for a blob in all repositories when it is asked by HEAD, and links what it finds into the repository that it
was asked for. So a blob that was deleted from one repository is there again for who asks, while another one has it. The stand-in does the
same, down to which of two deleted copies comes back.

## What CI is refused

All that fails for \`zot-ci\` and not for \`admin\` was answered with 403, by the policy: deleting blobs, manifests and tags, cancelling an
upload, which zot takes for a deletion, and writing a manifest to a tag that exists. The cases that read such a tag find what it held
before. CI cleans up nothing, and loses nothing by that: zot removes unfinished uploads itself.

${renderRefusals(measured)}

## What the policy does not keep apart

Found while comparing the stand-in with zot v2.1.20. A blob is found by its digest in every repository that holds it:

- HEAD of a blob makes an empty repository of any name that the policy lets the client read, if the client may read some repository with
  that blob. Anonymous can do that where anonymous may read.
- GET with a \`Range\` does the same without asking whether the client may read the repository that holds the blob. Who knows the digest of a
  layer in a private repository, and may read any other, gets the layer.

With \`storage.dedupe: false\` in zot's configuration neither happens, and blobs are not mounted any more. Where anonymous may read everything,
as by default here, there is nothing to get that way.
`;
  return format(text, { parser: "markdown", printWidth: 140 });
}

function renderSuite(suite: Suite, measured: Measured): string {
  const columns = Object.entries(measured).flatMap(([program, bySuite]) =>
    accounts.flatMap((account) => {
      const result = bySuite[suite.id]?.[account];
      return result === undefined ? [] : [{ title: `${program}, ${account}`, result }];
    }),
  );
  const row = (title: string, cells: readonly string[]): string => `| ${[title, ...cells].join(" | ")} |`;
  return [
    `## ${suite.title}`,
    "",
    row(
      "category",
      columns.map(({ title }) => title),
    ),
    row(
      "---",
      columns.map(() => "---"),
    ),
    ...categories.map((category) =>
      row(
        category,
        columns.map(({ result }) => shownTally(result.categories[category])),
      ),
    ),
    row(
      "all",
      columns.map(({ result }) => shownTally(totalOf(result))),
    ),
  ].join("\n");
}

function renderRefusals(measured: Measured): string {
  return suites
    .map((suite) => {
      const byProgram = Object.entries(measured).flatMap(([program, bySuite]) => {
        const result = bySuite[suite.id]?.["zot-ci"];
        return result === undefined ? [] : [`- ${program}: ${renderReasons(result)}`];
      });
      const names = Object.values(measured)[0]?.[suite.id]?.["zot-ci"]?.failed ?? [];
      const list = names.length === 0 ? [] : ["", "These are:", "", ...names.map((name) => `- ${name}`)];
      return [`### ${suite.title}`, "", ...byProgram, ...list].join("\n");
    })
    .join("\n\n");
}

function renderReasons({ reasons }: Result): string {
  return Object.entries(reasons)
    .map(([reason, count]) => `${count} × ${reason}`)
    .join("; ");
}
