// Blueprints as measured on a real Authentik: what applying one changes, and what a broken file changes.
import assert from "node:assert/strict";
import test from "node:test";
import type { Lab } from "./support.ts";
import { measured, people, sha512, startLab, until } from "./support.ts";

const bindingOfMachines = `  - model: authentik_policies.policybinding
    identifiers:
      target: !KeyOf app
      order: 1
    attrs:
      group: !KeyOf workloads
`;
const absentBinding = `  - model: authentik_policies.policybinding
    identifiers:
      target: !KeyOf app
      order: 1
    state: absent
`;

const status = async (lab: Lab, name: string): Promise<unknown> => {
  const { json } = await lab.api("GET", `/managed/blueprints/?path=custom%2F${name}`);
  return (json["results"] as Record<string, unknown>[])[0]?.["status"];
};

/** Requests an application of the blueprint and waits for the attempt. */
async function applyNow(lab: Lab, name: string): Promise<Record<string, unknown>> {
  const before = await lab.instance(name);
  const answer = await lab.api("POST", `/managed/blueprints/${String(before["pk"])}/apply/`);
  assert.deepEqual([answer.status, answer.json], [200, before]);
  await until(async () => (await lab.instance(name))["last_applied"] !== before["last_applied"]);
  return lab.instance(name);
}

async function bindings(lab: Lab): Promise<readonly Record<string, unknown>[]> {
  const application = await lab.api("GET", "/core/applications/zot/");
  const { json } = await lab.api("GET", `/policies/bindings/?target=${String(application.json["pk"])}`);
  return json["results"] as Record<string, unknown>[];
}

const availablePaths = async (lab: Lab): Promise<unknown[]> => {
  const { text } = await lab.api("GET", "/managed/blueprints/available/");
  return (JSON.parse(text) as { path: string }[]).map(({ path }) => path);
};

test("the measured blueprint creates the same objects as in the real Authentik", async (t) => {
  const lab = await startLab(t);
  await lab.apply("zot.yaml", measured);

  const instance = await lab.instance("zot.yaml");
  assert.equal(instance["name"], "zot");
  assert.equal(instance["path"], "custom/zot.yaml");
  assert.deepEqual(instance["metadata"], { name: "zot", labels: {} });
  const { text } = await lab.api("GET", "/managed/blueprints/available/");
  const [file] = JSON.parse(text) as Record<string, unknown>[];
  assert.deepEqual([file?.["path"], file?.["hash"], file?.["version"]], ["custom/zot.yaml", sha512(measured), 1]);

  const provider = await lab.one("/providers/oauth2/?client_id=zot");
  const application = (await lab.api("GET", "/core/applications/zot/")).json;
  assert.equal(application["provider"], provider["pk"]);
  assert.equal(provider["assigned_application_slug"], "zot");
  assert.equal(provider["client_secret"], "a client secret of 32 characters");
  assert.equal((provider["property_mappings"] as unknown[]).length, 3);
  assert.equal("grant_types" in provider, false);

  const user = await lab.one("/core/users/?username=zot-ci");
  const [admins, machines] = await bindings(lab);
  assert.equal((admins?.["group_obj"] as Record<string, unknown> | undefined)?.["name"], "admins");
  assert.equal((machines?.["group_obj"] as Record<string, unknown> | undefined)?.["name"], "artifact-workloads");
  assert.deepEqual(user["groups"], [machines?.["group"]]);
  assert.equal(user["type"], "service_account");
  const flow = (await lab.api("GET", "/flows/instances/machine-login/")).json;
  assert.equal((flow["stages"] as unknown[]).length, 2);
});

test("applying again changes only the time, and keeps the generated key", async (t) => {
  const lab = await startLab(t);
  await lab.apply("zot.yaml", measured);
  const key = await lab.appPassword();
  assert.match(key, /^[a-zA-Z0-9]{60}$/);
  const before = await lab.instance("zot.yaml");
  const objects = await bindings(lab);
  const after = await applyNow(lab, "zot.yaml");
  assert.deepEqual({ ...after, last_applied: "" }, { ...before, last_applied: "" });
  assert.deepEqual(await bindings(lab), objects);
  assert.equal(await lab.appPassword(), key);
});

test("a file that needs another file's group is rolled back, and applied once the group exists", async (t) => {
  const lab = await startLab(t, {
    seed: {
      ...people,
      groups: [{ name: "authentik Admins", superuser: true }],
      users: (people.users ?? []).map((user) => ({
        ...user,
        groups: (user.groups ?? []).filter((name) => name !== "admins"),
      })),
    },
  });
  lab.write("zot.yaml", measured);
  await until(async () => (await status(lab, "zot.yaml")) === "error");
  assert.equal((await lab.instance("zot.yaml"))["last_applied_hash"], "");
  assert.equal((await lab.api("GET", "/core/users/?username=zot-ci")).text.includes('"count":0'), true);

  const common =
    "version: 1\nmetadata: {name: common}\nentries:\n  - model: authentik_core.group\n    identifiers: {name: admins}\n";
  await lab.apply("common.yaml", common);
  await until(async () => (await status(lab, "zot.yaml")) === "successful");
  assert.equal((await bindings(lab)).length, 2);
});

test("!Find without a match and !Env without its variable fail and change nothing", async (t) => {
  for (const [good, bad] of [
    ["[name, admins]", "[name, admin]"],
    ["!Env AUTHENTIK_ZOT_CLIENT_SECRET", "!Env AUTHENTIK_OTHER"],
  ] as const) {
    const lab = await startLab(t);
    await lab.apply("zot.yaml", measured);
    const broken = measured.replace(good, bad).replace("name: Zot CI", "name: Renamed");
    assert.notEqual(broken, measured);
    lab.write("zot.yaml", broken);
    await until(async () => (await status(lab, "zot.yaml")) === "error");
    assert.equal((await lab.instance("zot.yaml"))["last_applied_hash"], sha512(measured));
    assert.equal((await lab.one("/core/users/?username=zot-ci"))["name"], "Zot CI");

    lab.write("zot.yaml", measured.replace("name: Zot CI", "name: Renamed"));
    await until(async () => (await status(lab, "zot.yaml")) === "successful");
    assert.equal((await lab.one("/core/users/?username=zot-ci"))["name"], "Renamed");
  }
});

test("a syntax error leaves status and hash unchanged; only available/ shows that the file is missing", async (t) => {
  const lab = await startLab(t);
  await lab.apply("zot.yaml", measured);
  assert.deepEqual(await availablePaths(lab), ["custom/zot.yaml"]);
  lab.write("zot.yaml", `${measured}  - model: [\n`);
  await until(async () => (await availablePaths(lab)).length === 0);
  const { status: kept, last_applied_hash } = await applyNow(lab, "zot.yaml");
  assert.deepEqual([kept, last_applied_hash], ["successful", sha512(measured)]);
});

test("an entry removed from the file keeps its object; state absent deletes it; adding the entry again creates a new one", async (t) => {
  const lab = await startLab(t);
  await lab.apply("zot.yaml", measured);
  const [, original] = await bindings(lab);
  await lab.apply("zot.yaml", measured.replace(bindingOfMachines, ""));
  assert.equal((await bindings(lab)).length, 2);
  await lab.apply("zot.yaml", measured.replace(bindingOfMachines, absentBinding));
  assert.equal((await bindings(lab)).length, 1);
  await lab.apply("zot.yaml", measured);
  const [, again] = await bindings(lab);
  assert.equal(again?.["order"], 1);
  assert.notEqual(again["pk"], original?.["pk"]);
});

test("the server validates inline content: it names the field, or crashes", async (t) => {
  const lab = await startLab(t);
  const attempt = (content: string, name = "dry-run") =>
    lab.api("POST", "/managed/blueprints/", { name, path: "", content, enabled: false });
  const entry = (text: string) => `version: 1\nentries:\n  - model: ${text}\n`;

  // The response has only five lines of the log, so it includes the reason only if few lines precede it.
  const log = [
    "Failed to validate blueprint",
    "- Created Event",
    "- Task enqueued",
    "- Created Event",
    "- Task enqueued",
  ];
  const noEnvironment = await attempt(measured);
  assert.equal(noEnvironment.status, 400);
  assert.deepEqual(noEnvironment.json, { content: [...log, "- Created Event"] });
  const unknownModel = await attempt(entry("authentik_core.nosuch\n    identifiers: {name: x}"));
  assert.deepEqual(unknownModel.json, {
    content: ["Failed to validate blueprint", "- App or Model does not exist", "- Blueprint validation failed"],
  });
  const badValue = await attempt(
    entry("authentik_core.group\n    identifiers: {name: x}\n    attrs: {is_superuser: [1]}"),
  );
  assert.match(badValue.text, /'is_superuser': \[ErrorDetail\(string='Must be a valid boolean\.', code='invalid'\)\]/);

  const literal = measured.replace("!Env AUTHENTIK_ZOT_CLIENT_SECRET", "literal");
  const bad = [
    "version: 1\nentries:\n  - model: [\n",
    entry("authentik_core.group\n    identifiers: {name: !Nope x}"),
    literal.replace("[name, admins]", "[name, nobody-has-this]"),
  ];
  for (const content of bad) {
    const { status: refused, text } = await attempt(content);
    assert.deepEqual([refused, text], [405, ""]);
  }
  const fine = await attempt(literal);
  assert.equal(fine.status, 201);
  assert.deepEqual([fine.json["status"], fine.json["enabled"], fine.json["content"]], ["unknown", false, literal]);
  assert.equal((await lab.api("GET", "/core/users/?username=zot-ci")).text.includes('"count":0'), true);

  await lab.apply("zot.yaml", measured);
  const applied = await attempt(measured, "validation of existing objects");
  const reason =
    "- Entry invalid: Serializer errors {'client_secret': [ErrorDetail(string='This field may not be null.', code='null')]}";
  assert.deepEqual(applied.json, { content: ["Failed to validate blueprint", ...log.slice(1), reason] });
});

test("metaapplyblueprint applies the other file first", async (t) => {
  const lab = await startLab(t);
  const meta = (required: boolean) =>
    `version: 1\nmetadata: {name: a-first}\nentries:\n  - model: authentik_blueprints.metaapplyblueprint\n    attrs:\n      identifiers: {name: z-common}\n      required: ${required}\n`;
  const entry =
    "  - model: authentik_core.group\n    identifiers: {name: mine}\n    attrs:\n      parents: [!Find [authentik_core.group, [name, theirs]]]\n";
  lab.write("a.yaml", meta(true) + entry);
  await until(async () => (await status(lab, "a.yaml")) === "error");
  await lab.apply("a.yaml", meta(false));
  const common =
    "version: 1\nmetadata: {name: z-common}\nentries:\n  - model: authentik_core.group\n    identifiers: {name: theirs}\n";
  lab.write("z.yaml", common);
  await until(async () => (await status(lab, "z.yaml")) === "successful");
  await lab.apply("a.yaml", meta(true) + entry);
  const [mine, theirs] = [await lab.one("/core/groups/?name=mine"), await lab.one("/core/groups/?name=theirs")];
  assert.deepEqual(mine["parents"], [theirs["pk"]]);
});

test("the other tags resolve as documented", async (t) => {
  const lab = await startLab(t, { environment: { SET: "from-environment" } });
  await lab.apply(
    "tags.yaml",
    `version: 1
metadata: {name: tags}
context: {team: registry, wanted: true}
entries:
  - model: authentik_core.group
    identifiers: {name: !Format ["%s-%s", !Context team, !Env SET]}
    attrs:
      attributes:
        fallback: !Env [UNSET, fallback]
        context: !Context [nothing, fallback]
        chosen: !If [!Condition [AND, !Context wanted, true], "yes", "no"]
        nor: !Condition [NOR, false, !Context wanted]
  - model: authentik_core.group
    conditions: [!Condition [OR, false]]
    identifiers: {name: never}
  - model: authentik_core.group
    state: created
    identifiers: {name: admins}
    attrs: {is_superuser: true}
`,
  );
  const group = await lab.one("/core/groups/?name=registry-from-environment");
  const attributes = { fallback: "fallback", context: "fallback", chosen: "yes", nor: false };
  assert.deepEqual(group["attributes"], attributes);
  assert.equal((await lab.api("GET", "/core/groups/?name=never")).text.includes('"count":0'), true);
  assert.equal((await lab.one("/core/groups/?name=admins"))["is_superuser"], false);
});

test("a restart keeps objects, keys and sessions, and does not apply unchanged files again", async (t) => {
  const lab = await startLab(t);
  await lab.apply("zot.yaml", measured);
  const before = [await lab.instance("zot.yaml"), await bindings(lab), await lab.appPassword()];
  await lab.restart();
  // The new file shows that the worker has read all files again.
  const other =
    "version: 1\nmetadata: {name: other}\nentries:\n  - model: authentik_core.group\n    identifiers: {name: x}\n";
  await lab.apply("zzz-other.yaml", other);
  assert.deepEqual([await lab.instance("zot.yaml"), await bindings(lab), await lab.appPassword()], before);
});

test("the instance of a file that is gone is removed at the worker's next start; its objects stay", async (t) => {
  const lab = await startLab(t);
  await lab.apply("zot.yaml", measured);
  await lab.apply("other.yaml", "version: 1\nmetadata: {name: other}\nentries: []\n");
  const inline = { name: "inline", path: "", content: "version: 1\nentries: []\n", enabled: true };
  assert.equal((await lab.api("POST", "/managed/blueprints/", inline)).status, 201);
  lab.remove("zot.yaml");
  assert.equal((await lab.instance("zot.yaml"))["status"], "successful");
  await lab.restart();
  const { json } = await lab.api("GET", "/managed/blueprints/");
  const names = (json["results"] as Record<string, unknown>[]).map(({ name }) => name);
  assert.deepEqual(names.sort(), ["inline", "other"]);
  assert.equal((await lab.api("GET", "/core/applications/zot/")).status, 200);
});
