// The lint rule that keeps the layers. That the repository obeys it, `npm test` shows by running ESLint; imports with a computed path are not seen.
import assert from "node:assert/strict";
import { join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { ESLint } from "eslint";
import { layers } from "../eslint.layers.js";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

const eslint = new ESLint({
  cwd: ROOT,
  overrideConfigFile: true,
  overrideConfig: { files: ["**/*.ts"], plugins: { layers }, rules: { "layers/imports": "error" } },
});

async function messages(file: string, code: string): Promise<readonly string[]> {
  const [result] = await eslint.lintText(code, { filePath: join(ROOT, file) });
  return (result?.messages ?? []).map(({ message }) => message);
}

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
    "systems/zot/a.ts",
    'export * from "../../components/index.ts";',
    /import components/,
  ],
  ["a system imports the stack", "systems/zot/a.ts", 'await import("../../stack/sdk.ts");', /must not import stack/],
  ["a component imports settings", "components/a.ts", 'import "../settings/schema.ts";', /must not import settings/],
  [
    "a system imports the provider's table",
    "systems/zot/a.ts",
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
  ["a system imports Pulumi", "systems/zot/a.ts", 'import "@pulumi/pulumi";', /^systems must not import Pulumi/],
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

for (const [name, file, code, expected] of VIOLATIONS) {
  test(`lint reports it when ${name}`, async () => {
    const found = await messages(file, code);
    assert.equal(found.length, 1);
    assert.match(found.join(), expected);
  });
}

test("lint accepts imports that go down, and everything in tests and the lab", async () => {
  for (const [file, code] of [
    ["components/a.ts", 'import "../systems/zot/version.ts"; import "@pulumi/pulumi";'],
    [
      "systems/zot/a.ts",
      'import "../authentik/client.ts"; import "../../core/http/http.ts"; import "../../provider/resource.ts";',
    ],
    ["provider/handlers.ts", 'await import("../systems/zot/keys/apiKey.ts");'],
    ["settings/schema.ts", 'import "../systems/zot/keys/settings.ts"; import "zod";'],
    ["tests/a.ts", 'import "../index.ts";'],
    ["lab/a.ts", 'import "../settings/parse.ts";'],
  ] as const) {
    assert.deepEqual(await messages(file, code), [], file);
  }
});
