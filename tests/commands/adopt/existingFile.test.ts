import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable, Writable } from "node:stream";
import { test } from "node:test";
import { parse } from "yaml";
import { adopt } from "../../../commands/adopt/adopt.ts";
import { HandMade, REGISTRY, settingsOf } from "./homelab.ts";

// npm run adopt, where the stack's settings file exists already.

/** Runs the command in this process, without a terminal. @returns what it prints when it refuses */
async function stopped(args: readonly string[]): Promise<string> {
  let printed = "";
  const output = new Writable({
    write: (chunk, _encoding, done) => {
      printed += String(chunk);
      done();
    },
  });
  assert.notEqual(await adopt(args, { input: Readable.from([]), output, errors: output, environment: {} }), 0);
  return printed;
}

/** The settings file of this repository, in which somebody else's homelab is described. */
const SHIPPED = readFileSync(new URL("../../../Pulumi.prod.yaml", import.meta.url), "utf8");

test("in a fresh clone, the settings of the repository's own Pulumi.prod.yaml become nobody's unasked", async (t) => {
  const homelab = await HandMade.start(t);
  homelab.settingsFile = join(homelab.folder, "Pulumi.prod.yaml");
  // Also after `pulumi stack init prod`.
  for (const shipped of [SHIPPED, `${SHIPPED}encryptionsalt: v1:salt\n`]) {
    writeFileSync(homelab.settingsFile, shipped);
    const refused = await homelab.adopt(["--yes", ...homelab.flags()]);
    assert.deepEqual([refused.code, refused.text], [2, shipped], refused.output);
    assert.match(
      refused.output,
      /prod\.yaml exists, and `adopt` did not write it: .*\. Name another stack, or add\n {2}--keep .*, or --discard/,
    );
    // On a terminal, also --yes does not answer that.
    for (const [flags, typed] of [
      [["--discard"], undefined],
      [[], ["n", "", "", "", ""]],
    ] as const) {
      writeFileSync(homelab.settingsFile, shipped);
      const ran = await homelab.adopt(["--yes", ...flags, ...homelab.flags()], typed);
      assert.equal(ran.code, 0, ran.output);
      assert.doesNotMatch(ran.output, /Kept from/);
      assert.doesNotMatch(ran.text ?? "", /real case|eblu|blumeops|indri|ringtail|vg6xf6vvfmoh5hqjjhlhbeoaie|mcquack/);
    }
  }
});

test("what an existing file alone has is kept on demand, and listed", async (t) => {
  const homelab = await HandMade.start(t);
  writeFileSync(homelab.settingsFile, SHIPPED);
  const mixed = await homelab.adopt(["--keep", "--discard", ...homelab.flags()]);
  assert.deepEqual([mixed.code, mixed.text], [2, SHIPPED]);
  const theirs = ["registry.restartCommand", "registry.configFile"];
  const ran = await homelab.adopt([
    "--yes",
    "--keep",
    "--registry.host",
    "local",
    "--registry.configFile",
    homelab.configFile,
    ...homelab.flags(...theirs, "onePassword.connectUrl", "onePassword.connectToken"),
  ]);
  assert.equal(ran.code, 0, ran.output);
  const listed = /^Kept from the existing file \((\d+)\):\n((?: {2}.*\n)*)/m.exec(ran.output) ?? [];
  const settings = parse(SHIPPED) as { config: Record<string, Record<string, string>> };
  assert.deepEqual(
    listed[2]?.trimEnd().split("\n").sort(),
    [
      "  acceptance.repository: blumeops/zot-auth-acceptance",
      "  acceptance.workflow.file: build-container.yaml",
      "  acceptance.workflow.inputs.container: nettest",
      "  acceptance.workflow.repository: eblume/blumeops",
      "  argocd.token: env:ARGOCD_AUTH_TOKEN",
      "  argocd.url: https://argocd.ops.eblu.me",
      "  kubernetes.context: ringtail",
      "  onePassword.account: my.1password.com",
      `  registry.service: ${settings.config["zot-auth:registry"]?.["service"] ?? ""}`,
    ],
    ran.output,
  );
  assert.equal(listed[1], "9");
  const again = await homelab.adopt(["--yes"]);
  assert.equal(again.code, 0, again.output);
  assert.equal(again.text, ran.text, "of its own answers, none is asked for again");
});

test("a file that cannot be written, and one that is no settings file, is an error", async (t) => {
  const homelab = await HandMade.start(t);
  for (const text of ["- a list\n", "config: a text\n", "config: {broken\n"]) {
    writeFileSync(homelab.settingsFile, text);
    const ran = await homelab.adopt(["--yes", ...homelab.flags()]);
    assert.deepEqual([ran.code, ran.text], [1, text]);
    assert.match(ran.output, /exists, and is not a stack's settings file/);
  }
  const aliased = "config:\n  zot-auth:ci: &ci { imagePrefix: own }\n  other:ci: *ci\n";
  writeFileSync(homelab.settingsFile, aliased);
  const alias = await homelab.adopt(["--yes", "--keep", ...homelab.flags()]);
  assert.deepEqual([alias.code, alias.text], [1, aliased]);
  assert.match(alias.output, /cannot be written anew: Unresolved alias .*: ci/);
  const [file, folder] = [homelab.settingsFile, join(homelab.folder, "Pulumi.folder.yaml")];
  mkdirSync(folder);
  assert.match(
    await stopped(["nas", "--config-file", folder, "--yes"]),
    /folder\.yaml exists and cannot be read: EISDIR/,
  );
  for (const name of ["my stack", "a;b", "org/proj/"])
    assert.match(await stopped([name, "--config-file", file]), /".*" cannot be a stack's name\. Pulumi allows letters/);
  homelab.settingsFile = join(homelab.folder, "nowhere", "Pulumi.nas.yaml");
  const nowhere = await homelab.adopt(homelab.flags());
  assert.equal(nowhere.code, 1);
  assert.match(nowhere.output, /Nothing was written: ENOENT: no such file or directory.*Pulumi\.nas\.yaml/);
});

test("an existing file needs consent, and what is not ours survives", async (t) => {
  const homelab = await HandMade.start(t);
  const existing = `# Mine.

encryptionsalt: v1:salt
config:
  # Not ours.
  aws:region: eu-central-1
  zot-auth:access:
    anonymousRead: false
  zot-auth:authentik:
    providerName: Of another day
    applyTimeout: 7 minutes
  zot-auth:ci:
    keyStore: op://homelab/Zot/zot-ci-api
    imagePrefix: former
    rotationTrigger: "2026-01-01T00:00:00Z"
  zot-auth:acceptance:
    repository: own/test
`;
  writeFileSync(homelab.settingsFile, existing);
  const refused = await homelab.adopt(homelab.flags());
  assert.deepEqual([refused.code, refused.text], [2, existing]);
  assert.match(
    refused.output,
    /exists, and `adopt` did not write it: .*\n {2}--yes to replace .*\n {2}--keep to keep /,
  );
  const declined = await homelab.adopt(homelab.flags(), ["y", "", "", "", "n"]);
  assert.deepEqual([declined.code, declined.text], [1, existing], declined.output);

  const agreed = await homelab.adopt(["--yes", "--keep", ...homelab.flags("ci.keyStore", "ci.imagePrefix")]);
  assert.equal(agreed.code, 0, agreed.output);
  assert.match(
    agreed.text ?? "",
    /^# Written by .*\n# All settings.*\n\n# Mine\.\n\nencryptionsalt: v1:salt\nconfig:\n {2}# Not ours\.\n {2}aws:region: eu-central-1\n/,
  );
  const settings = settingsOf(homelab);
  assert.deepEqual(settings["ci"], {
    keyStore: "op://homelab/Zot/zot-ci-api",
    imagePrefix: "former",
    rotationTrigger: "2026-01-01T00:00:00Z",
  });
  assert.match(agreed.text ?? "", /rotationTrigger: "2026/, "quoted: for Pulumi a plain one is a time");
  assert.deepEqual(settings["acceptance"], { repository: "own/test" });
  const { providerName, applyTimeout } = settings["authentik"] ?? {};
  assert.deepEqual([providerName, applyTimeout], ["Zot Provider", "7 minutes"]);
  assert.equal(settings["access"], undefined, "zot's config says otherwise");
  assert.doesNotMatch(agreed.output, /stack init/, "the stack exists");

  const again = await homelab.adopt(["--yes", ...homelab.flags()]);
  assert.equal(again.text?.match(/Written by/g)?.length, 1);
});

test("a second run keeps the answers that are found nowhere else, and adds nothing", async (t) => {
  const homelab = await HandMade.start(t);
  homelab.changeConfig((config) => {
    const http = config["http"] as Record<string, unknown>;
    const everything = ["read", "create", "update", "delete"];
    const policies = [
      { groups: ["admins"], actions: everything },
      { groups: ["artifact-workloads"], actions: ["read", "create"] },
      // The account of CI, by its usual name.
      { users: ["zot-ci"], actions: ["read", "create"] },
    ];
    delete http["externalUrl"];
    http["auth"] = { htpasswd: { path: "/etc/zot/htpasswd" } };
    http["accessControl"] = { repositories: { "**": { policies } } };
    config["storage"] = { rootDirectory: "data" };
  });
  writeFileSync(join(homelab.folder, "authentik"), "nobody-token\n", { mode: 0o600 });
  const answers = {
    "registry.url": REGISTRY,
    "registry.dataDirectory": "/srv/zot",
    "registry.credentialsFile": "/srv/oidc.json",
    "authentik.url": homelab.urls.authentik,
    "authentik.providerName": "Registry",
    "access.signInGroups": "friends",
  };
  const given = Object.entries(answers).flatMap(([setting, value]) => [`--${setting}`, value]);
  const first = await homelab.adopt([...homelab.flags(), ...given]);
  assert.equal(first.code, 0, first.output);
  assert.deepEqual(settingsOf(homelab)["access"]?.["signInGroups"], ["friends"]);
  const again = await homelab.adopt(["--yes"]);
  assert.deepEqual([again.code, again.text], [0, first.text], again.output);
});
