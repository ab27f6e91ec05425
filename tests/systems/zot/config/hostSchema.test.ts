import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { isObject } from "../../../../core/json.ts";
import { parseSettings } from "../../../../settings/parse.ts";
import { zotConfigArgs } from "../../../../settings/zotConfigArgs.ts";
import { assembleZotConfig } from "../../../../systems/zot/config/config.ts";
import { knownKeys } from "../../../../systems/zot/config/schema/known.ts";
import type { DecidingZot } from "../../../../systems/zot/config/schema/known.ts";
import { hostSchema } from "../../../../systems/zot/config/schema/schema.ts";
import { REAL_CASE, version } from "../../../support/settings.ts";

// The zot on the host decides what zot.extra may say.

const FILE = "../../../../systems/zot/config/schema/zot-config.schema.v2.1.20.json";
const TEXT = readFileSync(new URL(FILE, import.meta.url), "utf8");

/** The schema of another release: as 2.1.20, with or without a key of the HTTP section. */
function schemaWith(change: (properties: Record<string, unknown>) => void): string {
  const schema = JSON.parse(TEXT) as { definitions: Record<string, unknown> };
  const [, http] = Object.entries(schema.definitions).find(([name]) => name.endsWith("HTTPConfig")) ?? [];
  assert.ok(isObject(http) && isObject(http["properties"]));
  change(http["properties"]);
  return JSON.stringify(schema);
}

const NEWER = schemaWith((properties) => (properties["quota"] = { type: "integer" }));
const WITHOUT = schemaWith((properties) => {
  delete properties["ratelimit"];
  delete properties["rateLimit"];
});

/** What is wrong with the extra, and what the preview warns of. */
function judged(
  extra: object,
  zot: DecidingZot,
): { readonly errors: readonly string[]; readonly warnings: readonly string[] } {
  const settings = parseSettings({ ...REAL_CASE, zot: { extra } });
  const { schema, warnings } = knownKeys(settings.zot.extra, zot);
  const { problems } = assembleZotConfig(zotConfigArgs(settings), zot.version, settings.registry, schema);
  return { errors: problems.map(({ path, message }) => `${path}: ${message}`), warnings };
}

const quota = { http: { quota: 5 } };

test("a key that only the host's newer zot knows is accepted, and still checked", () => {
  const zot = { version: version("2.1.21"), schema: NEWER, isKnown: true };
  assert.deepEqual(judged(quota, zot), { errors: [], warnings: [] });
  assert.match(
    judged({ http: { quota: "5" } }, zot).errors.join(),
    /^zot\.extra\.http\.quota: got "5"; must be a number\. Remove the quotes\.$/,
  );
  assert.match(
    judged({ http: { quotas: 5 } }, zot).errors.join(),
    /^zot\.extra\.http\.quotas: unknown setting\. Did you mean "quota"\?/,
  );
});

test("a key that the host's zot does not know is an error, also if this program knows it", () => {
  const { errors } = judged(
    { http: { ratelimit: { rate: 5 } } },
    { version: version("2.1.21"), schema: WITHOUT, isKnown: true },
  );
  assert.match(errors.join(), /^zot\.extra\.http\.ratelimit: unknown setting/);
});

test("without the host's schema, this program decides about the releases that it knows, and warns for others", () => {
  for (const release of ["2.1.15", "2.1.20"]) {
    const { errors, warnings } = judged(quota, { version: version(release), isKnown: true });
    assert.match(errors.join(), /^zot\.extra\.http\.quota: unknown setting/);
    assert.deepEqual(warnings, []);
  }
  for (const zot of [
    { version: version("2.1.20"), isKnown: false },
    { version: version("2.1.21"), isKnown: true },
    { version: version("2.1.21"), schema: "{}", isKnown: true },
    { version: version("2.1.21"), schema: "Error: unknown command", isKnown: true },
  ]) {
    const { errors, warnings } = judged(quota, zot);
    assert.deepEqual(errors, []);
    assert.equal(warnings.length, 1);
    assert.match(
      warnings.join(),
      /^zot\.extra\.http\.quota: not known in zot 2\.1\.20\. .*The zot on the host may accept it, but its schema could not be read/,
    );
  }
  assert.match(
    judged({ scheduler: { numWorkers: "2" } }, { version: version("2.1.21"), isKnown: true }).warnings.join(),
    /^zot\.extra\.scheduler\.numWorkers: not valid in zot 2\.1\.20: got "2"/,
  );
});

test("a key of a later release is reported once, with the release", () => {
  const schema = schemaWith(() => undefined)
    .replaceAll("redirectBlobURL", "unknownHere")
    .replaceAll("redirectbloburl", "unknownhere");
  const { errors } = judged(
    { storage: { redirectBlobURL: true } },
    { version: version("2.1.17"), schema, isKnown: true },
  );
  assert.equal(errors.length, 1, errors.join("\n"));
  assert.match(
    errors.join(),
    /^zot\.extra\.storage\.redirectBlobURL: requires zot 2\.1\.18 or later; the host has 2\.1\.17/,
  );
});

test("the schema of 2.1.20 is read in one line, as the host's answer has it", () => {
  assert.ok(hostSchema(TEXT.replaceAll("\n", "")));
  assert.equal(hostSchema("[]"), undefined);
  assert.equal(hostSchema('{"properties": 3}'), undefined);
});
