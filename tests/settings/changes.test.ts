import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { parse } from "yaml";
import { effectsOf } from "../../settings/documentation/changes.ts";
import { settingsJsonSchema } from "../../settings/documentation/jsonSchema.ts";
import { isReloaded, startDifferences } from "../../systems/zot/config/config.ts";

// Whether a change restarts zot is said by the list that decides it. That each setting writes the key of the config that its row names is shown by
// tests/model/walk, which changes them all.

const PAGE = readFileSync(new URL("../../docs/reference/settings.md", import.meta.url), "utf8");

interface Schema {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly additionalProperties?: Schema | boolean;
}

/** Every setting that has a value of its own: its path as in docs/reference/settings.md, and its description for editors. */
function settings(path: string, schema: Schema): readonly (readonly [path: string, description: string])[] {
  if (schema.properties !== undefined)
    return Object.entries(schema.properties).flatMap(([name, inner]) => settings(`${path}.${name}`, inner));
  if (schema.items?.properties !== undefined) return settings(`${path}[]`, schema.items);
  const { additionalProperties: entry } = schema;
  if (typeof entry === "object" && entry.properties !== undefined) return settings(`${path}.<name>`, entry);
  return [[path, schema.description ?? ""]];
}

const { properties } = settingsJsonSchema() as { properties: { config: Schema } };
const ALL = Object.entries(properties.config.properties ?? {}).flatMap(([name, group]) =>
  settings(name.slice("zot-auth:".length), group),
);

test("each setting whose change restarts zot says so on the page and in the editor, and no other does", () => {
  assert.ok(ALL.length > 150, String(ALL.length));
  for (const [path, description] of ALL) {
    const restarts = effectsOf(path)?.includes("restart") === true;
    const [group = "", ...rest] = path.split(".");
    const section = PAGE.slice(PAGE.indexOf(`## \`${group}\``));
    const row = section.split("\n").find((line) => line.startsWith(`| \`${rest.join(".")}\` `)) ?? "";
    assert.notEqual(row, "", path);
    assert.equal(row.split(" | ").at(-1)?.includes("zot restarts"), restarts, row);
    assert.equal(/Effect of a change: .*zot restarts/.test(description), restarts, path);
    // What a description says by itself does not contradict it.
    if (/ A change restarts zot/.test(description)) assert.ok(restarts, description);
  }
});

test("the words follow the list by which up decides", () => {
  for (const [path, effect] of [
    ["zot.storage.gcDelay", "reload"],
    ["zot.storage.subPaths.<name>.gcInterval", "reload"],
    ["zot.storage.subPaths.<name>.retention.policies[].keepTags[].patterns", "restart"],
    ["zot.storage.commit", "restart"],
    ["zot.http.readTimeout", "restart"],
    ["zot.auth.failDelay", "restart"],
    ["zot.auth.usernameClaim", "reload"],
    ["zot.search.enable", "restart"],
    ["zot.search.trivyDatabase", "reload"],
    ["registry.pullThrough[].contents[].prefix", "reload"],
    ["access.ci", "reload"],
  ] as const)
    assert.deepEqual(effectsOf(path), [effect], path);
});

test("what is reloaded causes no restart, and everything else does", () => {
  const config = parse(`
    storage: { rootDirectory: /a, gc: true, subPaths: { /b: { rootDirectory: /b, gcDelay: 1h } } }
    http: { port: "1", auth: { apikey: true, openid: { providers: { oidc: { name: a, issuer: b, claimMapping: { username: c } } } } } }
    extensions: { search: { enable: true, cve: { updateInterval: 2h } }, sync: { registries: [] }, ui: { enable: true } }
  `) as Record<string, unknown>;
  const leaves = (value: unknown, path: readonly string[]): readonly (readonly string[])[] =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.entries(value).flatMap(([key, inner]) => leaves(inner, [...path, key]))
      : [path];
  for (const path of leaves(config, [])) {
    const changed = structuredClone(config);
    let at = changed;
    for (const key of path.slice(0, -1)) at = at[key] as Record<string, unknown>;
    at[path.at(-1) ?? ""] = "another value";
    const isUnchanged = startDifferences(config, changed).length === 0;
    assert.equal(isReloaded(path.join(".")), isUnchanged, path.join("."));
  }
});
