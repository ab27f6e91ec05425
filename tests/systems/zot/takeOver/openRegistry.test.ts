import assert from "node:assert/strict";
import { test } from "node:test";
import { parseSettings } from "../../../../settings/parse.ts";
import { zotConfigArgs } from "../../../../settings/zotConfigArgs.ts";
import { renderZotConfig } from "../../../../systems/zot/config/config.ts";
import { describeConfigChange } from "../../../../systems/zot/takeOver/describe.ts";
import { removedAccess } from "../../../../systems/zot/takeOver/removed.ts";
import { REAL_CASE, version } from "../../../support/settings.ts";

// A zot as its first steps leave it: without sign-in and without rules.

const OPEN = { storage: { rootDirectory: "/srv/images" }, http: { port: "5000" }, extensions: { metrics: {} } };

function said(access: object, release = "2.1.20", before: object = OPEN): readonly string[] {
  const settings = parseSettings({ ...REAL_CASE, access });
  const config = renderZotConfig(zotConfigArgs(settings), version(release), REAL_CASE.registry);
  assert.deepEqual(removedAccess(OPEN, config, { version: version(release) }), [], "nobody was given that access");
  const text = describeConfigChange(JSON.stringify(before), config, version(release));
  return text.slice(0, text.indexOf("The update\n")).split("\n").slice(0, -1);
}

const NOW =
  "Anyone may pull, push and delete there now, without signing in. After the update, people, CI jobs and clusters without a key are refused (401):";

test("anonymous pulls stay: pushes and deletions go, and docker signs in from 2.1.16 on", () => {
  const docker = "  docker has to sign in for every pull (`docker login`), also where other clients do not";
  const rest = "Then may push: group artifact-workloads, group admins.";
  assert.deepEqual(said({}), [NOW, "  create, update, delete on **", docker, rest]);
  assert.deepEqual(said({}, "2.1.15"), [NOW, "  create, update, delete on **", rest]);
});

test("anonymous pulls and metrics that go are said, everywhere or for some repositories", () => {
  assert.deepEqual(said({ anonymousRead: false, anonymousMetrics: false, users: { jan: ["create"] } }), [
    NOW,
    "  read, create, update, delete on **",
    "  read on the metrics",
    "Then may push: group artifact-workloads, group admins, user jan.",
  ]);
  const some = said({ namespaces: { "private/**": { anonymousRead: false } } });
  assert.ok(some.includes("  read on private/**"), some.join("\n"));
  assert.ok(said({ anonymousMetrics: false }, "2.1.17").includes("  read on the metrics"));
  assert.ok(
    !said({ anonymousMetrics: false }, "2.1.20", { ...OPEN, extensions: {} }).includes("  read on the metrics"),
  );
});

test("a zot with accounts or with rules is not open", () => {
  const http = { port: "5000", accessControl: { repositories: { "**": { anonymousPolicy: ["read"] } } } };
  assert.deepEqual(said({}, "2.1.20", { ...OPEN, http }), []);
  assert.deepEqual(said({}, "2.1.20", { ...OPEN, http: { auth: { htpasswd: { path: "/srv/users" } } } }), []);
});
