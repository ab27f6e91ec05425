// What the documents and comments refer to exists.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { FORMER_TYPES } from "../../provider/formerTypes.ts";
import { resources } from "../../provider/handlers.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
  cwd: ROOT,
  encoding: "utf8",
})
  .split("\n")
  .filter((file) => file !== "" && existsSync(join(ROOT, file)) && statSync(join(ROOT, file)).isFile());
const pages = files.filter((file) => file.endsWith(".md"));
const read = (file: string): string => readFileSync(join(ROOT, file), "utf8");

/** The anchors that GitHub and Forgejo make of a page's headings. */
function anchorsOf(page: string): readonly string[] {
  return [...read(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

test("every relative link of every page resolves", () => {
  const links = pages.flatMap((page) =>
    [...read(page).matchAll(/\]\((?!\w+:)([^)\s#]*)(?:#([^)\s]+))?\)/g)].map(([, path = "", anchor]) => ({
      page,
      target: path === "" ? page : join(dirname(page), path),
      anchor,
    })),
  );
  assert.ok(links.length > 20, `${links.length} links`);
  const broken = links.filter(
    ({ target, anchor }) =>
      !existsSync(join(ROOT, target)) || (anchor !== undefined && !anchorsOf(target).includes(anchor)),
  );
  assert.deepEqual(broken, []);
});

test("nothing cites notes that are not in the repository", () => {
  const cites = files
    .filter((file) => !file.startsWith("tests/data/") && file !== "package-lock.json")
    .flatMap((file) =>
      [...read(file).matchAll(/(?<![\w./@-])(?:facts|shared)\/[\w.-]+/g)].map(([cited]) => `${file}: ${cited}`),
    );
  assert.deepEqual(cites, []);
});

test("a command that stands by itself is shown as code: below a list, four spaces are a paragraph of it", () => {
  for (const page of pages) {
    const outside = read(page).replaceAll(/^```[^]*?^```$/gm, "");
    assert.deepEqual(outside.match(/^ {1,3}(?:npm|pulumi|sh|git) .*$/gm), null, page);
  }
});

test("every npm script that a page names exists, and every script is named by a page", () => {
  const { scripts } = JSON.parse(read("package.json")) as { readonly scripts: Readonly<Record<string, string>> };
  const named = new Set(
    pages.flatMap((page) =>
      [...read(page).matchAll(/\bnpm run (?:--silent )?([\w:-]+)/g)].map(([, name = ""]) => name),
    ),
  );
  assert.ok(named.has("pulumi"));
  assert.deepEqual(
    [...named].filter((name) => scripts[name] === undefined),
    [],
  );
  const undocumented = Object.keys(scripts).filter(
    (name) =>
      !named.has(name) && !["start", "test"].includes(name) && scripts[name.replace(/^pre/, "")] === scripts[name],
  );
  assert.deepEqual(undocumented, []);
});

test("files and folders that a page names in backticks exist", () => {
  const roots = new Set(files.map((file) => file.split("/")[0] ?? ""));
  const named = pages.flatMap((page) =>
    [...read(page).matchAll(/`([\w.-]+\/[\w./-]*)`/g)].map(([, path = ""]) => ({ page, path })),
  );
  const missing = named.filter(
    ({ page, path }) => page !== "CHANGELOG.md" && roots.has(path.split("/")[0] ?? "") && !existsSync(join(ROOT, path)),
  );
  assert.deepEqual(missing, []);
});

test("every page and file of docs/ that a message, a comment or a page names exists", () => {
  const named = files
    // A changelog and a decision keep the names of their time; recordings have other projects' paths.
    .filter((file) => file !== "CHANGELOG.md" && !file.startsWith("docs/adr/") && !file.startsWith("tests/data/"))
    .flatMap((file) =>
      [...read(file).matchAll(/(?<![\w/-])docs\/[\w/-]+(?:\.schema)?\.(?:md|json|yaml|svg|png|ts)\b/g)].map(
        ([path]) => ({
          file,
          path,
        }),
      ),
    );
  assert.ok(new Set(named.map(({ path }) => path)).size > 20);
  assert.deepEqual(
    named.filter(({ path }) => !existsSync(join(ROOT, path))),
    [],
  );
});

test("every resource type that a page names exists", () => {
  const named = pages
    // A changelog and a decision keep the names of their time.
    .filter((page) => page !== "CHANGELOG.md" && !page.startsWith("docs/adr/"))
    .flatMap((page) =>
      [...read(page).matchAll(/\b(?:zot-auth:)?((?:acceptance|argocd|authentik|forgejo|zot):[A-Z]\w+)/g)].map(
        ([, type = ""]) => `zot-auth:${type}`,
      ),
    );
  assert.ok(new Set(named).size > 10);
  assert.deepEqual(
    [...new Set(named)].filter((type) => resources[type] === undefined || Object.hasOwn(FORMER_TYPES, type)),
    [],
  );
});
