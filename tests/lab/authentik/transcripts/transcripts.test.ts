// Replays the recording of a real Authentik 2026.2.0 on the lab's: statuses, headers, cookies and bodies.
import assert from "node:assert/strict";
import test from "node:test";
import { defaultSeed, withSeed } from "../../../../lab/authentik/server.ts";
import { skipped } from "./notReplayed.ts";
import type { Lab } from "../support.ts";
import { adminKey, measured, sha512, startLab, until } from "../support.ts";
import { Conversation, entries } from "./transcripts.ts";

/** The measured blueprint without its comment. */
const withPassword = measured.slice(measured.indexOf("version: 1"));
const blueprint = withPassword.slice(0, withPassword.indexOf("  - model: authentik_core.token"));
const binding = blueprint.slice(
  blueprint.lastIndexOf("  - model", blueprint.indexOf("order: 1\n")),
  blueprint.indexOf("  - model: authentik_flows.flow\n"),
);

const robotKey = "E8EtAe79HYyLNnbvWGQP30OQe9PSDoSzVMUah43wvNzCIZ5U2pEnK1JXqz4m";
const otherKey = "StyHPAe3Qxsjb6GgvtDA7erqoSIXbZaAi6njGetJVA8CATevpG8KruENh5NN";

const seed = withSeed(defaultSeed(), {
  users: [
    { username: "alice", password: "alice-pw-1234567" },
    { username: "other-ci", type: "service_account" },
    { username: "robot", type: "service_account" },
  ],
  tokens: [
    { identifier: "admin", user: "akadmin", intent: "api", key: adminKey },
    { identifier: "other-ci", user: "other-ci", intent: "app_password", key: otherKey },
    { identifier: "robot", user: "robot", intent: "api", key: robotKey, permissions: [] },
  ],
});

type Step = (lab: Lab, conversation: Conversation) => Promise<void>;

const put =
  (text: string): Step =>
  (lab) => {
    lab.write("zot.yaml", text);
    return Promise.resolve();
  };
const applied =
  (text: string): Step =>
  async (lab) => {
    lab.write("zot.yaml", text);
    await until(async () => (await lab.instance("zot.yaml"))["last_applied_hash"] === sha512(text));
  };
const change =
  (user: string, fields: object): Step =>
  async (lab) => {
    const { pk } = await lab.one(`/core/users/?username=${user}`);
    assert.equal((await lab.api("PATCH", `/core/users/${String(pk)}/`, fields)).status, 200);
  };

const finishDefaultFlow: Step = (_lab, conversation) => conversation.finishFlow("default-authentication-flow");

/** Manual steps during the recording, by the conversation that they precede. */
const inBetween: Readonly<Record<string, Step>> = {
  "task list for zot blueprint (error)": async (lab, conversation) => {
    lab.write("zot.yaml", blueprint);
    await until(async () =>
      (await lab.api("GET", "/managed/blueprints/?path=custom/zot.yaml")).text.includes('"error"'),
    );
    conversation.teach("d9ce1f64-7209-4941-92a9-afbaac29e017", (await lab.instance("zot.yaml"))["pk"]);
  },
  "blueprint POST inline literal secret": async (lab) => {
    assert.equal((await lab.api("POST", "/core/groups/", { name: "admins" })).status, 201);
  },
  "blueprint POST content: missing group find": async (lab, conversation) => {
    await until(async () => (await lab.instance("zot.yaml"))["status"] === "successful");
    conversation.teach(17, (await lab.one("/core/users/?username=zot-ci"))["pk"]);
    conversation.teach(18, (await lab.one("/core/users/?username=robot"))["pk"]);
  },
  discovery: change("zot-ci", { is_active: true }),
  "a GET": async (lab) => {
    const admins = await lab.one("/core/groups/?name=admins");
    await change("alice", { groups: [admins["pk"]] })(lab, new Conversation(lab));
  },
  "other-ci (no policy binding) hop0": finishDefaultFlow,
  "alice admin hop0": finishDefaultFlow,
  "back apply": async (lab, conversation) => {
    lab.write("zot.yaml", `${blueprint}  - model: [\n`);
    const available = async () => (await lab.api("GET", "/managed/blueprints/available/")).text;
    await until(async () => (await available()) === "[]");
    await put(blueprint)(lab, conversation);
  },
  "back2 apply": async (lab, conversation) => {
    lab.write("zot.yaml", blueprint.replace("[name, admins]", "[name, nosuch]"));
    await until(async () => (await lab.instance("zot.yaml"))["status"] === "error");
    await put(blueprint)(lab, conversation);
  },
  "binding removed from file apply": put(blueprint.replace(binding, "")),
  "binding state absent apply": async (lab, conversation) => {
    await applied(blueprint.replace(binding, ""))(lab, conversation);
    await put(blueprint.replace("order: 1\n    attrs:\n      group: !KeyOf workloads", "order: 1\n    state: absent"))(
      lab,
      conversation,
    );
  },
  "restored apply": put(blueprint),
  "mfa configure": async (lab, conversation) => {
    await applied(blueprint)(lab, conversation);
    const stages = {
      "14b0caaf-d38c-4ca8-bd60-1d0deec58561": "validate/?name=default-authentication-mfa-validation",
      "7f30fdb9-511d-4ecd-9b5c-f2ffa27027c3": "totp/?name=default-authenticator-totp-setup",
      "1271a3a5-f816-4e88-a43f-0c1c5efe62ba": "static/?name=default-authenticator-static-setup",
    };
    for (const [recorded, path] of Object.entries(stages))
      conversation.teach(recorded, (await lab.one(`/stages/authenticator/${path}`))["pk"]);
  },
  "no rights list blueprints": async (lab, conversation) => {
    await change("robot", { path: "sa" })(lab, conversation);
    const common =
      "version: 1\nmetadata: {name: common}\nentries:\n  - model: authentik_core.group\n    identifiers: {name: admins}\n";
    await lab.apply("common.yaml", common);
  },
  "assign perms": async (lab, conversation) => {
    const made = await lab.api("POST", "/rbac/roles/", { name: "zot-auth" });
    conversation.teach("1560ffa0-6c4b-4a0c-8b98-c34b54a5c5d4", made.json["pk"]);
  },
  "token declared in blueprint apply": put(withPassword),
  "login with declared token GET": async (lab, conversation) => {
    await applied(withPassword)(lab, conversation);
    conversation.teach("2nG0p0u7VvjAY7wtZdM6ND4RD7rP6zfcKv4Bf344gC8Zt03N9McC8XriDz8w", await lab.appPassword());
  },
  "users list": applied(blueprint),
};

const isSkipped = (described: string): boolean => skipped.some(({ entry }) => entry.test(described));

test("the lab responds to the recorded requests like the real Authentik", async (t) => {
  const lab = await startLab(t, { seed });
  const conversation = new Conversation(lab);
  conversation.teach("<admin-token>", adminKey);
  const replayed: string[] = [];
  for (const entry of entries) {
    if (isSkipped(`${entry.name} ${entry.request.url}`)) continue;
    await inBetween[entry.name]?.(lab, conversation);
    await conversation.replay(entry);
    replayed.push(entry.name);
  }
  assert.equal(replayed.length, 115);
  assert.deepEqual(
    Object.keys(inBetween).filter((name) => !replayed.includes(name)),
    [],
  );
});
