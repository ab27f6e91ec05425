import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import type { TestContext } from "node:test";
import { adapt } from "../../../../provider/adapter.ts";
import { renderBlueprint } from "../../../../systems/authentik/blueprint/render.ts";
import { blueprintArgs, blueprintDelivery } from "../../../../stack/arguments.ts";
import { blueprintHash } from "../../../../systems/authentik/blueprint/hash.ts";
import { arrivalOf, blueprintPlace, inlineText } from "../../../../systems/authentik/blueprint/delivery.ts";
import { appliedBlueprint } from "../../../../systems/authentik/resources/appliedBlueprint.ts";
import { blueprintFile, blueprintFileCleanup } from "../../../../systems/authentik/resources/blueprintFile.ts";
import { inlineBlueprint } from "../../../../systems/authentik/resources/inlineBlueprint.ts";
import { adminKey, clientSecret, startLab } from "../../../lab/authentik/support.ts";
import { appliedInputs, connectionTo, failureOf, settingsWith, testContext } from "../../../support/provider.ts";

// The ways to Authentik without Kubernetes: a file of a GitOps repository's clone, and Authentik's own API.

function clone(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "zot-auth-clone-"));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

test("the file is written as a whole and only if it differs, with a hint what to commit", async (t) => {
  const file = join(clone(t), "zot.yaml");
  const context = testContext();
  const { state } = await blueprintFile.create({ file, text: "one" }, context);
  assert.equal(readFileSync(file, "utf8"), "one");
  assert.equal(context.warned.length, 1);
  assert.match(
    context.warned[0] ?? "",
    /Commit and push it: git -C \S+ add -A -- zot\.yaml && git -C \S+ commit .* && git -C \S+ push/,
  );
  const again = testContext();
  await blueprintFile.update?.(state, { file, text: "one" }, again);
  assert.deepEqual(again.warned, []);
});

test("a first preview reports a file with other content, and writes nothing", async (t) => {
  const file = join(clone(t), "zot.yaml");
  const preview = async (): Promise<readonly string[]> => {
    const context = testContext();
    await adapt(blueprintFile).preview({ file, text: "one" }, undefined, context);
    return context.warned;
  };
  assert.deepEqual(await preview(), []);
  writeFileSync(file, "somebody's");
  assert.deepEqual(await preview(), [
    `\`up\` overwrites ${file}, which has different content. Git keeps what is committed.`,
  ]);
  assert.equal(readFileSync(file, "utf8"), "somebody's");
  writeFileSync(file, "one");
  assert.deepEqual(await preview(), []);
});

test("a deleted or edited file is drift; an edited file is not deleted", async (t) => {
  const file = join(clone(t), "zot.yaml");
  const { state } = await blueprintFile.create({ file, text: "one" }, testContext());
  writeFileSync(file, "edited");
  assert.match((await blueprintFile.read?.(state, testContext()))?.drift ?? "", /has different content/);
  const context = testContext();
  await blueprintFile.delete?.(state, context);
  assert.equal(readFileSync(file, "utf8"), "edited");
  assert.match(context.warned.join(), /was not deleted, because its content is not from this program/);
  writeFileSync(file, "one");
  const deleting = testContext();
  await blueprintFile.delete?.(state, deleting);
  assert.match(
    deleting.warned.join(),
    /was deleted in your clone\. Commit and push it: .* Unless its worker no longer sees the file, Authentik keeps the file's blueprint instance, and removes it within an hour after that\.$/,
  );
  assert.ok(!existsSync(file));
  assert.equal(await blueprintFile.read?.(state, testContext()), undefined);
});

test("a file that an interrupted run wrote is removed by its cleanup, and one that a person has changed since stays", async (t) => {
  const file = join(clone(t), "zot.yaml");
  const { state } = await blueprintFileCleanup.create({ file, text: "one" }, testContext());
  assert.ok(!existsSync(file), "it only says what is about to be written");
  await blueprintFileCleanup.delete?.(state, testContext());
  writeFileSync(file, "edited");
  const context = testContext();
  await blueprintFileCleanup.delete?.(state, context);
  assert.equal(readFileSync(file, "utf8"), "edited");
  assert.deepEqual(context.warned, [], "BlueprintFile has warned of it");
  const update = await blueprintFileCleanup.update?.(state, { file, text: "two" }, testContext());
  writeFileSync(file, "two");
  await blueprintFileCleanup.delete?.(update ?? state, context);
  assert.ok(!existsSync(file));
  assert.match(context.warned.join(), /was deleted in your clone\. Commit and push it: /);
});

test("a missing folder, or a folder in the file's place, is reported with the setting", async (t) => {
  const folder = clone(t);
  mkdirSync(join(folder, "zot.yaml"));
  for (const file of [join(folder, "nowhere", "zot.yaml"), join(folder, "zot.yaml")]) {
    const error = await failureOf(blueprintFile.create({ file, text: "one" }, testContext()));
    assert.equal(error.code, "BLUEPRINT_FILE_UNUSABLE");
    assert.match(error.message, /^authentik\.delivery: the file .* cannot be used \(/);
  }
});

test("while the file is not pushed, progress and timeout say what the run waits for", async (t) => {
  const lab = await startLab(t);
  const settings = settingsWith({ authentik: { delivery: "file:clone/zot.yaml" } });
  const context = testContext();
  const inputs = appliedInputs(settings, connectionTo(t, lab.server.url, adminKey), {
    timeout: 0,
    arrival: arrivalOf(blueprintDelivery(settings)),
  });
  const error = await failureOf(appliedBlueprint.create(inputs, context));
  assert.match(
    context.said.join("\n"),
    /worker to see the blueprint\. It comes from clone\/zot\.yaml: commit and push that file/,
  );
  assert.match(
    error.message,
    /commit and push that file, and deploy it so that the worker sees it as custom\/zot\.yaml/,
  );
});

const API = settingsWith({ authentik: { delivery: "api" } });
const SECRET = { AUTHENTIK_ZOT_CLIENT_SECRET: clientSecret };

function inlineInputs(
  connection: ReturnType<typeof connectionTo>,
  text = inlineText(renderBlueprint(blueprintArgs(API))),
) {
  const clientSecretVariable = "AUTHENTIK_ZOT_CLIENT_SECRET";
  return {
    ...connection,
    name: "zot-auth zot",
    text,
    hash: blueprintHash(text),
    appliedAfter: [],
    clientSecretVariable,
  };
}

test("by the API: created, applied, changed and removed, with one instance at a time", async (t) => {
  const lab = await startLab(t, { serverEnvironment: SECRET });
  const connection = connectionTo(t, lab.server.url, adminKey);
  const names = async () =>
    ((await lab.api("GET", "/managed/blueprints/")).json["results"] as { name: string }[]).map(({ name }) => name);
  const { state } = await inlineBlueprint.create(inlineInputs(connection), testContext());
  const apply = appliedInputs(API, connection, { text: state.text, path: blueprintPlace({ kind: "api" }, "zot") });
  const applied = await appliedBlueprint.create(apply, testContext());
  assert.equal(applied.state.instance, state.instance);
  assert.equal((await lab.one("/core/users/?username=zot-ci"))["is_active"], true);
  assert.equal((await appliedBlueprint.read?.(applied.state, testContext()))?.drift, "");

  const text = state.text.replace("Zot Registry", "Images");
  const changed = await inlineBlueprint.update?.(state, inlineInputs(connection, text), testContext());
  assert.ok(changed !== undefined && changed.instance !== state.instance);
  assert.deepEqual(await names(), [`zot-auth zot ${changed.hash.slice(0, 12)}`]);
  await appliedBlueprint.update?.(applied.state, { ...apply, text, hash: changed.hash }, testContext());
  assert.equal((await lab.one("/core/applications/?slug=zot&superuser_full_list=true"))["name"], "Images");

  await inlineBlueprint.delete?.(changed, testContext());
  assert.deepEqual(await names(), []);
  assert.equal(await inlineBlueprint.read?.(changed, testContext()), undefined);
});

test("by the API: a server without the variable has its own error, and nothing is left behind", async (t) => {
  const lab = await startLab(t);
  const connection = connectionTo(t, lab.server.url, adminKey);
  const error = await failureOf(inlineBlueprint.create(inlineInputs(connection), testContext()));
  assert.equal(error.code, "BLUEPRINT_VARIABLE_MISSING");
  assert.match(error.message, /both the server and the worker need it/);
  assert.equal(((await lab.api("GET", "/managed/blueprints/")).json["results"] as unknown[]).length, 0);
});

test("by the API: a text that Authentik rejects changes nothing, and the previous one stays", async (t) => {
  const lab = await startLab(t, { serverEnvironment: SECRET });
  const connection = connectionTo(t, lab.server.url, adminKey);
  const { state } = await inlineBlueprint.create(inlineInputs(connection), testContext());
  for (const [from, to, code, reason] of [
    ["is_active: true", "is_active: [1]", "BLUEPRINT_REJECTED", /Authentik says: .*is_active/],
    ["name, admins", "name, nobody", "BLUEPRINT_NEEDS_MISSING", /the group with name "nobody"/],
  ] as const) {
    const bad = inlineInputs(connection, state.text.replace(from, to));
    const error = await failureOf(inlineBlueprint.update?.(state, bad, testContext()) ?? Promise.resolve());
    assert.equal(error.code, code);
    assert.match(error.message, reason);
    assert.ok(await inlineBlueprint.read?.(state, testContext()));
  }
});

test("by the API: a text that Authentik rejects changes nothing, and one with another name renames the provider", async (t) => {
  const lab = await startLab(t, { serverEnvironment: SECRET });
  const connection = connectionTo(t, lab.server.url, adminKey);
  const { state } = await inlineBlueprint.create(inlineInputs(connection), testContext());
  await appliedBlueprint.create(
    appliedInputs(API, connection, { text: state.text, path: blueprintPlace({ kind: "api" }, "zot") }),
    testContext(),
  );
  const providers = async () =>
    ((await lab.api("GET", "/providers/oauth2/?client_id=zot")).json["results"] as { name: string }[]).map(
      ({ name }) => name,
    );
  const instances = async () => ((await lab.api("GET", "/managed/blueprints/")).json["results"] as unknown[]).length;
  const renamed = inlineText(renderBlueprint({ ...blueprintArgs(API), providerName: "Registry" }));
  const update = async (text: string) => inlineBlueprint.update?.(state, inlineInputs(connection, text), testContext());

  const error = await failureOf(Promise.resolve(update(renamed.replace("is_active: true", "is_active: [1]"))));
  assert.equal(error.code, "BLUEPRINT_REJECTED");
  assert.match(error.message, /Authentik says: .*is_active/);
  assert.deepEqual([await providers(), await instances()], [["Zot"], 1]);

  const [{ pk } = { pk: 0 }] = (await lab.api("GET", "/providers/oauth2/?client_id=zot")).json["results"] as {
    pk: number;
  }[];
  const changed = await update(renamed);
  assert.equal(await instances(), 1);
  assert.notEqual(changed?.instance, state.instance);
  await appliedBlueprint.create(
    appliedInputs(API, connection, { text: renamed, path: blueprintPlace({ kind: "api" }, "zot") }),
    testContext(),
  );
  assert.deepEqual(await providers(), ["Registry"]);
  assert.equal((await lab.api("GET", `/providers/oauth2/${pk}/`)).json["name"], "Registry");
});
