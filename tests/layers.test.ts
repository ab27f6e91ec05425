// The lint rule that keeps the layers. That the repository obeys it, `npm test` shows by running the linter; imports with a computed path are not seen.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { at, list, string } from "../core/json.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** A violation of each kind: what it is, the file, its code, and the message. */
const VIOLATIONS: readonly (readonly [string, string, string, RegExp])[] = [
  [
    "core imports upward",
    "core/a.ts",
    'import "../systems/zot/version.ts";',
    /^core must not import systems: systems\/zot/,
  ],
  [
    "a system imports settings",
    "systems/zot/a.ts",
    'import "../../settings/schema.ts";',
    /^systems must not import settings/,
  ],
  [
    "a system imports a component",
    "systems/zot/b.ts",
    'export * from "../../components/index.ts";',
    /import components/,
  ],
  ["a system imports the stack", "systems/zot/c.ts", 'await import("../../stack/sdk.ts");', /must not import stack/],
  ["a component imports settings", "components/a.ts", 'import "../settings/schema.ts";', /must not import settings/],
  [
    "a system imports the provider's table",
    "systems/zot/d.ts",
    'import "../../provider/handlers.ts";',
    /must not import provider/,
  ],
  [
    "the provider imports a system outside of its entries",
    "provider/adapter.ts",
    'import "../systems/zot/version.ts";',
    /^provider must not import systems/,
  ],
  [
    "a system imports zot",
    "systems/authentik/a.ts",
    'export { parseZotVersion } from "../zot/version.ts";',
    /^The system authentik must not import the system zot/,
  ],
  [
    "a system imports another one",
    "systems/argocd/a.ts",
    'import "../forgejo/target.ts";',
    /^The system argocd must not import the system forgejo/,
  ],
  ["a system imports Pulumi", "systems/zot/e.ts", 'import "@pulumi/pulumi";', /^systems must not import Pulumi/],
  [
    "a pure file imports a client",
    "systems/zot/access/rules.ts",
    'import "../client.ts";',
    /^A pure file must not import one that is not.*systems\/zot\/client\.ts/,
  ],
  [
    "a pure file imports a network package",
    "settings/a.ts",
    'import "node:https";',
    /^A pure file must not import a client/,
  ],
  ["the product imports the lab", "commands/a.ts", 'import "../lab/start.ts";', /^The product must not import lab/],
  ["the product imports a test", "index.ts", 'import "./tests/run.ts";', /^The product must not import tests/],
];

/** Imports that go down, and everything in tests and the lab. */
const ALLOWED: readonly (readonly [string, string])[] = [
  ["components/allowed.ts", 'import "../systems/zot/version.ts"; import "@pulumi/pulumi";'],
  [
    "systems/zot/allowed.ts",
    'import "../authentik/client.ts"; import "../../core/http/http.ts"; import "../../provider/resource.ts";',
  ],
  ["provider/handlers.ts", 'await import("../systems/zot/keys/apiKey.ts");'],
  ["settings/schema.ts", 'import "../systems/zot/keys/settings.ts"; import "zod";'],
  ["tests/a.ts", 'import "../index.ts";'],
  ["lab/a.ts", 'import "../settings/parse.ts";'],
];

/** What one run of the linter reports of each example, by its file. */
const reports = lint(new Map([...VIOLATIONS.map(([, file, code]) => [file, code] as const), ...ALLOWED]));

function lint(examples: ReadonlyMap<string, string>): Map<string, readonly string[]> {
  const folder = mkdtempSync(join(tmpdir(), "zot-auth-layers-"));
  try {
    for (const [file, code] of examples) {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      writeFileSync(join(folder, file), code);
    }
    cpSync(join(ROOT, "lint.layers.js"), join(folder, "lint.layers.js"));
    const config = { jsPlugins: ["./lint.layers.js"], rules: { "layers/imports": "error" } };
    writeFileSync(join(folder, ".oxlintrc.json"), JSON.stringify(config));
    const { stdout } = spawnSync("oxlint", ["--format", "json"], { cwd: folder, encoding: "utf8" });
    const found = list(at(JSON.parse(stdout) as unknown, "diagnostics"));
    return new Map(
      [...examples.keys()].map((file) => [
        file,
        found.filter((one) => at(one, "filename") === file).map((one) => string(at(one, "message"))),
      ]),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

for (const [name, file, , expected] of VIOLATIONS) {
  test(`lint reports it when ${name}`, () => {
    const found = reports.get(file) ?? [];
    assert.equal(found.length, 1);
    assert.match(found.join(), expected);
  });
}

for (const [file] of ALLOWED) {
  test(`lint accepts what ${file} may import`, () => {
    assert.deepEqual(reports.get(file), []);
  });
}
