import assert from "node:assert/strict";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import test from "node:test";
import type { TestContext } from "node:test";
import { renderBlueprint } from "../../../../systems/authentik/blueprint/render.ts";
import { blueprintArgs } from "../../../../stack/arguments.ts";
import { appliedBlueprint } from "../../../../systems/authentik/resources/appliedBlueprint.ts";
import { adminKey, startLab, until } from "../../../lab/authentik/support.ts";
import type { Lab } from "../../../lab/authentik/support.ts";
import { appliedInputs, connectionTo, failureOf, settingsWith, testContext } from "../../../support/provider.ts";

// Each way in which applying a blueprint fails, on the lab's Authentik, and the reason in the error.

const settings = settingsWith();
const create = (t: TestContext, lab: Lab, more: Parameters<typeof appliedInputs>[2] = {}, token = adminKey) =>
  appliedBlueprint.create(appliedInputs(settings, connectionTo(t, lab.server.url, token), more), testContext());

async function instances(lab: Lab): Promise<readonly string[]> {
  const { json } = await lab.api("GET", "/managed/blueprints/");
  return (json["results"] as { name: string }[]).map(({ name }) => name);
}

test("a missing group is reported with its setting", async (t) => {
  const lab = await startLab(t);
  const text = renderBlueprint(blueprintArgs(settingsWith({ access: { adminGroup: "nobody" } })));
  lab.write("zot.yaml", text);
  const error = await failureOf(create(t, lab, { text }));
  assert.equal(error.code, "BLUEPRINT_NEEDS_MISSING");
  assert.match(error.message, /custom\/zot\.yaml.*the group with name "nobody" \(setting: access\.adminGroup/);
  assert.deepEqual(await instances(lab), ["zot"], "no trial is left");
});

for (const [what, group, change, expected] of [
  [
    "a flow",
    "authentik",
    { authorizationFlow: "nothing" },
    /the flow with slug "nothing" .*authentik\.authorizationFlow/,
  ],
  [
    "a blueprint to come before",
    "authentik",
    { appliedAfter: ["common"] },
    /the blueprint "common" \(authentik\.appliedAfter\)/,
  ],
] as const) {
  test(`${what} does not exist: reported with its setting`, async (t) => {
    const lab = await startLab(t);
    const changed = settingsWith({ [group]: change });
    const text = renderBlueprint(blueprintArgs(changed));
    lab.write("zot.yaml", text);
    const error = await failureOf(create(t, lab, { text, appliedAfter: changed.authentik.appliedAfter }));
    assert.equal(error.code, "BLUEPRINT_NEEDS_MISSING");
    assert.match(error.message, expected);
  });
}

test("a worker without the client secret's variable has its own error, found by a trial that leaves nothing behind", async (t) => {
  const lab = await startLab(t, { environment: {} });
  lab.write("zot.yaml", renderBlueprint(blueprintArgs(settings)));
  const error = await failureOf(create(t, lab));
  assert.equal(error.code, "BLUEPRINT_VARIABLE_MISSING");
  assert.match(
    error.message,
    /lacks the environment variable AUTHENTIK_ZOT_CLIENT_SECRET \(authentik\.clientSecretVariable\)/,
  );
  assert.deepEqual(await instances(lab), ["zot"]);
});

test("a field that Authentik rejects is reported in its words", async (t) => {
  const lab = await startLab(t);
  const text = renderBlueprint(blueprintArgs(settings)).replace("is_active: true", "is_active: [1]");
  lab.write("zot.yaml", text);
  const error = await failureOf(create(t, lab, { text }));
  assert.equal(error.code, "BLUEPRINT_REJECTED");
  assert.match(error.message, /Authentik says: .*is_active.*Must be a valid boolean/);
});

test("if Authentik's response omits the reason, a shortened blueprint reveals it", async (t) => {
  const lab = await startLab(t);
  const text = renderBlueprint(blueprintArgs(settings)).replace("designation: authentication", "designation: nothing");
  lab.write("zot.yaml", text);
  const error = await failureOf(create(t, lab, { text }));
  assert.equal(error.code, "BLUEPRINT_REJECTED");
  assert.match(error.message, /first entry that it rejects is authentik_flows\.flow {"slug":"machine-login"}/);
  assert.deepEqual(await instances(lab), ["zot"], "no trial is left");
});

test("the error names what the token has no permission to check", async (t) => {
  const lab = await startLab(t);
  const text = renderBlueprint(blueprintArgs(settingsWith({ access: { adminGroup: "nobody" } })));
  lab.write("zot.yaml", text);
  const error = await failureOf(create(t, lab, { text }, "robot-token"));
  assert.equal(error.code, "BLUEPRINT_REJECTED");
  assert.match(
    error.message,
    /gives no reason\. The token cannot delete blueprints .*has insufficient permissions to check for the group with name "nobody"/,
  );
});

test("a disabled instance is reported at once: Authentik accepts the apply request but does nothing", async (t) => {
  const lab = await startLab(t);
  await lab.apply("zot.yaml", renderBlueprint(blueprintArgs(settings)));
  const { pk } = await lab.instance("zot.yaml");
  await lab.api("PATCH", `/managed/blueprints/${String(pk)}/`, { enabled: false });
  const error = await failureOf(create(t, lab));
  assert.equal(error.code, "BLUEPRINT_DISABLED");
  assert.match(error.message, /custom\/zot\.yaml is disabled in Authentik/);
});

test("a file that the worker no longer sees was deleted or has a syntax error", async (t) => {
  const lab = await startLab(t);
  const text = renderBlueprint(blueprintArgs(settings));
  lab.write("common.yaml", "version: 1\nentries: []\n");
  await lab.apply("zot.yaml", text);
  lab.write("zot.yaml", `${text}  - model: [\n`);
  const error = await failureOf(create(t, lab, { timeout: 1 }));
  assert.equal(error.code, "BLUEPRINT_NOT_SEEN");
  assert.match(error.message, /no longer lists it: the file was deleted or has a syntax error.*It comes by hand\./);
});

test("distinguishes a missing mount, a missing file and a different text", async (t) => {
  const lab = await startLab(t);
  assert.match((await failureOf(create(t, lab, { timeout: 0 }))).message, /no files in custom\/: nothing is mounted/);
  lab.write("common.yaml", "version: 1\nentries: []\n");
  assert.match((await failureOf(create(t, lab, { timeout: 0 }))).message, /other files in custom\/, but not this one/);
  lab.write("zot.yaml", "version: 1\nentries: []\n");
  assert.match((await failureOf(create(t, lab, { timeout: 0 }))).message, /still sees different content/);
  lab.write("elsewhere.yaml", renderBlueprint(blueprintArgs(settings)));
  assert.match(
    (await failureOf(create(t, lab, { timeout: 0 }))).message,
    /The worker has this blueprint at custom\/elsewhere\.yaml\. Set authentik\.blueprintPath to that path\./,
  );
});

/** The lab's Authentik behind a proxy that changes some requests. */
async function between(t: TestContext, lab: Lab, hold: (method: string, path: string) => boolean): Promise<string> {
  const server = createServer((incoming, outgoing) => {
    if (hold(incoming.method ?? "", incoming.url ?? "")) return; // never answered
    const options = { method: incoming.method, headers: incoming.headers };
    const onward = request(new URL(incoming.url ?? "", lab.server.url), options, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(outgoing);
    });
    incoming.pipe(onward);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test("a worker that never lists its files is reported as not running, even if the server responds", async (t) => {
  const lab = await startLab(t);
  const url = await between(t, lab, (_method, path) => path.includes("/available/"));
  const inputs = appliedInputs(settings, connectionTo(t, url, adminKey));
  const error = await failureOf(appliedBlueprint.create(inputs, testContext()));
  assert.equal(error.code, "AUTHENTIK_WORKER_SILENT");
});

test("a worker that completes no run is reported", async (t) => {
  const text = renderBlueprint(blueprintArgs(settings));
  const lab = await startLab(t);
  await lab.apply("zot.yaml", text);
  const slow = await startLab(t, { workerDelayMs: 600_000, blueprintsDirectory: lab.options.blueprintsDirectory });
  await slow.api("POST", "/managed/blueprints/", { name: "zot", path: "custom/zot.yaml", enabled: true });
  const error = await failureOf(create(t, slow, { timeout: 1 }));
  assert.equal(error.code, "BLUEPRINT_NOT_APPLIED");
  assert.match(error.message, /No run of it has finished since: Authentik's worker is not running/);
});

test("a token without permission to apply is reported with the missing permission", async (t) => {
  const lab = await startLab(t);
  await lab.apply("zot.yaml", renderBlueprint(blueprintArgs(settings)));
  const error = await failureOf(create(t, lab, {}, "nobody-token"));
  assert.equal(error.code, "AUTHENTIK_RIGHT_MISSING");
  assert.match(error.message, /view_blueprintinstance/);
});

test("a group that another blueprint creates a moment later does not fail the run", async (t) => {
  const lab = await startLab(t);
  const changed = settingsWith({ access: { adminGroup: "late" } });
  const text = renderBlueprint(blueprintArgs(changed));
  lab.write("zot.yaml", text);
  const creating = create(t, lab, { text, timeout: 20 });
  await until(async () => (await lab.instance("zot.yaml").catch(() => ({ status: "" })))["status"] === "error");
  await lab.api("POST", "/core/groups/", { name: "late" });
  assert.equal((await creating).state.drift, "");
});
