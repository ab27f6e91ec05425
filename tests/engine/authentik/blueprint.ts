import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parse, stringify } from "yaml";
import type { PulumiResult } from "../support/harness.ts";
import { homelab, lab } from "./stack.ts";

// The blueprint over the life of a stack, with the real CLI: removed groups, manual bindings, our ConfigMap key in Git. The
// tests depend on their order.

const preview = async (...args: readonly string[]) => lab.pulumi("preview", "--non-interactive", ...args);
const spaced = ({ output }: PulumiResult): string => output.replaceAll(/\s+/g, " ");

function change(group: string, values: Record<string, unknown>): void {
  lab.changeSettings((config) => {
    config[`zot-auth:${group}`] = { ...(config[`zot-auth:${group}`] as object), ...values };
  });
}

async function up(): Promise<PulumiResult> {
  const result = await lab.up();
  assert.equal(result.code, 0, result.output);
  return result;
}

/** Names of the groups that may sign in, in order. */
async function bound(slug = "zot"): Promise<readonly (string | undefined)[]> {
  const { pk } = (await homelab.authentik(`/core/applications/${slug}/`)).body as { pk: string };
  const { body } = await homelab.authentik(`/policies/bindings/?target=${pk}`);
  const { results } = body as { results: { order: number; group_obj: { name: string } | null }[] };
  return results.toSorted((left, right) => left.order - right.order).map(({ group_obj }) => group_obj?.name);
}

test("after a group is removed from the settings, preview shows it, up deletes its binding and the next up changes nothing", async () => {
  assert.deepEqual(await bound(), ["admins", "artifact-workloads", "family", "guests"]);

  change("access", { signInGroups: ["guests"] });
  const planned = await preview("--diff");
  assert.match(planned.output, /- zot-auth:authentik:PolicyBinding: \(delete\)[^]*authentik-family/);
  assert.match(planned.output, /authentik_policies\.policybinding zot\/family/);
  assert.deepEqual(await bound(), ["admins", "artifact-workloads", "family", "guests"], "a preview changes nothing");
  await up();
  assert.deepEqual(await bound(), ["admins", "artifact-workloads", "guests"]);
  const { code, output } = await preview("--expect-no-changes");
  assert.equal(code, 0, output);
});

test("the next up resumes an up that was killed while it applied the smaller blueprint", async () => {
  change("access", { signInGroups: [] });
  const cut = await lab.upCutOffAt("authentik-applied");
  assert.notEqual(cut.code, 0);
  assert.equal((await lab.pulumi("cancel", "--yes")).code, 0);
  await up();
  assert.deepEqual(await bound(), ["admins", "artifact-workloads"]);
  const { body } = await homelab.authentik("/managed/blueprints/?page_size=100");
  const names = (body as { results: { name: string }[] }).results.map(({ name }) => name);
  assert.deepEqual(
    names.filter((name) => name.startsWith("zot-auth")),
    [],
    "no removal remains",
  );
});

test("refresh reports a manually created binding, and up keeps it", async () => {
  const { pk: target } = (await homelab.authentik("/core/applications/zot/")).body as { pk: string };
  const { results } = (await homelab.authentik("/core/groups/?name=guests")).body as { results: { pk: string }[] };
  const binding = { target, group: results[0]?.pk, order: 7 };
  assert.equal((await homelab.authentik("/policies/bindings/", "POST", binding)).status, 201);
  change("authentik", { applicationName: "Images" });
  const refreshed = await lab.pulumi("up", "--refresh", "--yes", "--skip-preview", "--non-interactive");
  assert.equal(refreshed.code, 0, refreshed.output);
  assert.match(spaced(refreshed), /has unmanaged PolicyBindings: group guests\. They stay/);
  assert.deepEqual(await bound(), ["admins", "artifact-workloads", "guests"]);
});

test("up reports if Git also has our ConfigMap key; after its removal from Git, ours stays", async () => {
  const file = join(lab.layout.directory, "gitops", "authentik", "blueprints.yaml");
  const manifest = parse(readFileSync(file, "utf8")) as { data: Record<string, string> };
  const write = (data: Record<string, string>): void => writeFileSync(file, stringify({ ...manifest, data }));
  write({ ...manifest.data, "zot.yaml": "version: 1\nentries: []\n" });
  change("authentik", { applicationName: "Images and charts" });
  const found = await up();
  assert.match(
    spaced(found),
    /Git also contains the key zot\.yaml of the ConfigMap authentik\/authentik-blueprints, in \S+ of \S+: every sync/,
  );
  assert.match((await homelab.blueprints())["zot.yaml"] ?? "", /Images and charts/);

  // Argo CD has not looked at Git since, and no setting changes.
  write(manifest.data);
  const clean = await up();
  assert.doesNotMatch(spaced(clean), /Git also contains the key/);
  assert.match(spaced(clean), /authentik-sync updated .*authentik-blueprint updated/);
  assert.match((await homelab.blueprints())["zot.yaml"] ?? "", /Images and charts/);
  const { code, output } = await preview("--expect-no-changes", "--refresh");
  assert.equal(code, 0, output);
  change("authentik", { applicationName: "Images" });
  await up();
});

test("after a change of CI's account, up creates a new key, revokes the old one, then deletes the old account", async () => {
  change("ci", { user: "robot-ci", gracePeriod: "0 seconds" });
  // The lab's workflow signs in as zot-ci.
  lab.changeSettings((config) => {
    delete config["zot-auth:acceptance"];
  });
  await up();
  const users = async (name: string): Promise<number> =>
    ((await homelab.authentik(`/core/users/?username=${name}`)).body as { results: unknown[] }).results.length;
  assert.deepEqual([await users("zot-ci"), await users("robot-ci")], [0, 1]);
  assert.equal((await homelab.authentik("/core/tokens/zot-ci-app-password/")).status, 404);
  const { code, output } = await preview("--expect-no-changes");
  assert.equal(code, 0, output);
});
