// Generates docs/background/conformance.md from the measured data.
import { readFileSync } from "node:fs";
import type { Measured, Result } from "./results.ts";
import { shownTally, totalOf } from "./results.ts";
import { categories, suites } from "./suites.ts";
import type { Suite } from "./suites.ts";
import { formatted } from "../../docs/generate/format.ts";

export const page = new URL("../../docs/background/conformance.md", import.meta.url);
export const data = new URL("../data/conformance.json", import.meta.url);

export const accounts = ["admin", "zot-ci"] as const;

export function readMeasured(): Measured {
  return JSON.parse(readFileSync(data, "utf8")) as Measured;
}

export function renderPage(measured: Measured): Promise<string> {
  const text = `# OCI conformance

\`npm run conformance\` builds the two public conformance suites of the OCI distribution specification (once, from their Go module), runs
them against the lab's stand-in for zot and against a real zot if it is on PATH, and writes this page. It needs Go. Both registries have
three tiers of access: the group of \`admin\` may do everything, the group of \`zot-ci\` may read and create. Each run has its own registry.
The cells count the cases that passed / failed / were skipped.

${suites.map((suite) => renderSuite(suite, measured)).join("\n\n")}

## What fails for admin

Only this: on HEAD of a blob, zot searches all repositories and links what it finds into the requested one. So a blob that was deleted from
one repository exists again after such a request, as long as another repository has it. The stand-in does the same, down to which of two deleted copies
comes back.

## What CI is denied

Every case that fails for \`zot-ci\` but not for \`admin\` got a 403 from the policy: deleting blobs, manifests and tags, cancelling an upload,
which zot treats as a deletion, and writing a manifest to an existing tag. Cases that read such a tag find its earlier content. CI does not
need to clean up: zot removes unfinished uploads itself.

${renderRefusals(measured)}

## What the policy does not separate

Comparing the stand-in with zot v2.1.20 showed that zot finds a blob by its digest in every repository that holds it:

- HEAD of a blob creates an empty repository of any name that the client may read, if the client may read a repository with that blob. An anonymous
  client can do so wherever it may read.
- GET with a \`Range\` does the same without checking whether the client may read the repository that holds the blob. Whoever knows the digest of a
  layer in a private repository, and may read any other repository, gets the layer.

With \`storage.dedupe: false\` in zot's config neither happens, and blobs are no longer mounted. If anonymous clients may read everything, which is the
default, nothing is exposed.
`;
  return formatted("conformance.md", text);
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
      const list = names.length === 0 ? [] : ["", "The cases:", "", ...names.map((name) => `- ${name}`)];
      return [`### ${suite.title}`, "", ...byProgram, ...list].join("\n");
    })
    .join("\n\n");
}

function renderReasons({ reasons }: Result): string {
  return Object.entries(reasons)
    .map(([reason, count]) => `${count} × ${reason}`)
    .join("; ");
}
