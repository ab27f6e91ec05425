import assert from "node:assert/strict";
import test from "node:test";
import { fingerprint } from "../../core/secrets/fingerprint.ts";
import { REAL_CASE } from "../support/settings.ts";
import { CLIENT_SECRET, runProgram } from "./mocks.ts";
import type { Registered } from "./mocks.ts";
import { ARGOCD, inOrder, one } from "./registered.ts";

test("the eight steps are registered, each after what it needs", async () => {
  const run = await runProgram(ARGOCD);
  inOrder(
    run,
    "zot-auth:acceptance:Preflight",
    "zot-auth:argocd:Sync",
    "kubernetes:core/v1:ConfigMapPatch",
    "zot-auth:authentik:AppliedBlueprint",
    "zot-auth:authentik:ServiceAccount",
    "zot-auth:zot:ApiKey",
    "zot-auth:forgejo:ActionsSecret",
    "zot-auth:zot:OtherKeys",
  );
  // The secrets and the proof of access need the key, and not each other.
  inOrder(
    run,
    "zot-auth:zot:ApiKey",
    "zot-auth:acceptance:SignInProof",
    "zot-auth:acceptance:AccessProof",
    "zot-auth:zot:OtherKeys",
  );
  inOrder(run, "zot-auth:forgejo:ActionsSecret", "zot-auth:acceptance:Services");
  inOrder(run, "zot-auth:acceptance:Preflight", "command:local:Command", "zot-auth:zot:ApiKey");
});

test("nothing changes before the preflight has passed", async () => {
  const run = await runProgram(ARGOCD);
  const changing = run.resources.filter(
    ({ type }) => !/^(pulumi:|zot-auth:index:|zot-auth:acceptance:Preflight)/.test(type),
  );
  const preflight = run.resources.findIndex(({ type }) => type === "zot-auth:acceptance:Preflight");
  assert.ok(changing.length >= 10);
  for (const resource of changing)
    assert.ok(run.resources.indexOf(resource) > preflight, `${resource.name} after the preflight`);
});

test("access that was made by hand is not taken away unless a setting accepts it, and nothing is registered before", async () => {
  const accessControl = { repositories: { "team/**": { policies: [{ users: ["jan"], actions: ["create"] }] } } };
  const config = { http: { auth: { htpasswd: { path: "/etc/zot/htpasswd" } }, accessControl } };
  const facts = (byHand: string): string => `${byHand}config:\n${JSON.stringify(config)}`;
  const lines = ["http.auth.htpasswd", "create on team/** for user jan"];
  const registry = { ...REAL_CASE.registry, acceptRemoved: lines.slice(1) };
  const resources: Registered[] = [];
  const refused = runProgram({ registry }, { facts: facts("config_by_hand=yes\n"), resources });
  await assert.rejects(refused, ({ message }: Error) => {
    assert.match(message, /config\.json on ssh:indri gives now\..* adding to the settings:\n {2}zot-auth:registry:\n/);
    assert.match(message, /\n {6}- http\.auth\.htpasswd\nNothing was changed\.$/);
    return true;
  });
  assert.deepEqual(
    resources.filter(({ type }) => !/^(pulumi:|zot-auth:acceptance:Preflight)/.test(type)),
    [],
  );
  const accepted = await runProgram(
    { registry: { ...registry, acceptRemoved: lines } },
    { facts: facts("config_by_hand=yes\n") },
  );
  assert.deepEqual(one(accepted, "zot-auth:acceptance:Preflight").inputs["removal"], "");
  // Of a config that this program wrote, only the preflight knows whether this stack did.
  const ours = await runProgram({ registry }, { facts: facts("") });
  assert.match(String(one(ours, "zot-auth:acceptance:Preflight").inputs["removal"]), / - http\.auth\.htpasswd$/);
});

test("the config is deployed after the issuer answers and the credentials exist", async () => {
  const run = await runProgram();
  const place = (name: string): number => run.resources.findIndex((resource) => resource.name === name);
  assert.ok(place("zot-credentials") < place("zot-config"));
  assert.ok(place("authentik-application") < place("zot-credentials"), "Authentik has the client secret first");
  assert.ok(place("authentik-applied") < place("zot-config"));
});

test("each file on the host has a cleanup, registered before the file and named by its place", async () => {
  const { registry } = REAL_CASE;
  const auth = { sessionKeysFile: "/Users/erichblume/.config/zot/session-keys.json" };
  const run = await runProgram({ zot: { auth } });
  const cleanups = run.resources.filter(({ type }) => type === "zot-auth:zot:FileCleanup");
  assert.deepEqual(
    cleanups
      .map(({ name, inputs }) => [name.replace(/-[0-9a-f]{6}$/, ""), inputs["content"], inputs["file"], inputs["host"]])
      .sort(),
    [
      ["zot-config", "config", registry.configFile, "ssh:indri"],
      ["zot-credentials", "credentials", registry.credentialsFile, "ssh:indri"],
      ["zot-session-keys", "sessionKeys", auth.sessionKeysFile, "ssh:indri"],
    ],
  );
  const place = (name: string): number => run.resources.findIndex((resource) => resource.name === name);
  for (const { name } of cleanups) assert.ok(place(name) < place(name.replace(/-[0-9a-f]{6}$/, "")), name);
  const config = cleanups.find(({ inputs }) => inputs["content"] === "config");
  assert.equal((config?.inputs["serving"] as Record<string, unknown> | undefined)?.["configFile"], registry.configFile);

  const moved = await runProgram({ zot: { auth }, registry: { ...registry, host: "ssh:other" } });
  const names = moved.resources.filter(({ type }) => type === "zot-auth:zot:FileCleanup").map(({ name }) => name);
  assert.deepEqual(
    names.filter((name) => cleanups.some((cleanup) => cleanup.name === name)),
    [],
    "other places, other resources",
  );
});

test("a preview shows one PolicyBinding per group, in order", async () => {
  const run = await runProgram();
  const bindings = run.resources
    .filter(({ type }) => type === "zot-auth:authentik:PolicyBinding")
    .map(({ inputs }) => [inputs["group"], inputs["order"]]);
  assert.deepEqual(bindings.sort(), [
    ["admins", 0],
    ["artifact-workloads", 1],
  ]);
});

test("the key and the proof of the sign-in use the same account, group and issuer, and the client secret by reference", async () => {
  const run = await runProgram();
  const { inputs: key } = one(run, "zot-auth:zot:ApiKey");
  const { inputs: proof } = one(run, "zot-auth:acceptance:SignInProof", "acceptance-sign-in");
  for (const inputs of [key, proof]) {
    assert.equal(inputs["issuer"], "https://authentik.ops.eblu.me/application/o/zot/");
    assert.equal(inputs["clientSecret"], "op://vault/item/zot-client-secret");
    assert.equal(inputs["ciGroup"], "artifact-workloads");
    assert.equal(inputs["username"], "zot-ci");
    assert.deepEqual(inputs["configPlace"], {
      host: "ssh:indri",
      configFile: "/Users/erichblume/.config/zot/config.json",
    });
  }
  assert.equal(proof["source"], "op://vault/item/zot-ci-api");
  assert.equal((proof["proves"] as Record<string, unknown>)["key"], "0123456789abcdef");
  const { proves } = one(run, "zot-auth:acceptance:SignInProof").inputs;
  assert.equal((proves as Record<string, unknown>)["clientSecret"], fingerprint(CLIENT_SECRET));
});

test("the outputs are those of docs/reference/outputs.md, without the key", async () => {
  const { outputs } = await runProgram();
  assert.deepEqual(
    { ...outputs },
    {
      registryHost: "registry.ops.eblu.me",
      registryUrl: "https://registry.ops.eblu.me",
      zotVersion: "2.1.20",
      ciAccounts: {
        ci: {
          user: "zot-ci",
          secretName: "ZOT_CI_API_KEY",
          imagePrefixes: ["registry.ops.eblu.me/blumeops"],
          keyLabel: "zot-auth/test/1",
          keyUuid: "uuid-1",
          keyFingerprint: "0123456789abcdef",
          keyCreated: "2026-01-01T00:00:00Z",
          keyExpires: "2026-04-01T00:00:00Z",
          keyRotates: "2026-03-02T00:00:00Z",
          access: "15 of 15 checks passed",
        },
      },
      ciUser: "zot-ci",
      ciJobTokens: {},
      ciSecretName: "ZOT_CI_API_KEY",
      imagePrefix: "registry.ops.eblu.me/blumeops",
      keyLabel: "zot-auth/test/1",
      keyUuid: "uuid-1",
      keyFingerprint: "0123456789abcdef",
      keyCreated: "2026-01-01T00:00:00Z",
      keyExpires: "2026-04-01T00:00:00Z",
      keyRotates: "2026-03-02T00:00:00Z",
      skopeoLoginArgs: ["login", "--username=zot-ci", "--password-stdin", "registry.ops.eblu.me"],
      skopeoCopyArgs: ["copy", "{source}", "docker://registry.ops.eblu.me/blumeops/{name}:{tag}"],
      daggerArgs: [
        "call",
        "--registry=registry.ops.eblu.me",
        "--prefix=blumeops",
        "publish",
        "--src=.",
        "--container-name={name}",
        "--version={version}",
        "--commit-sha={sha}",
        "--registry-username=zot-ci",
        "--registry-password=env:ZOT_CI_API_KEY",
      ],
      acceptanceResult: {
        signIn: { "groups claim": "arrives" },
        access: "15 of 15 checks passed",
        checked: "2026-01-01T00:00:00Z",
        services: "6 passed, 1 skipped",
      },
    },
  );
});

test("workflows run side by side; further ones are named by what they build", async () => {
  const build = (file: string) => ({ repository: "eblume/blumeops", file });
  const run = await runProgram({
    acceptance: { workflow: build("dagger.yaml"), workflows: [build("nix.yaml"), build("nix.yaml")] },
  });
  const builds = run.resources.filter(({ type }) => type === "zot-auth:acceptance:TestBuild");
  assert.deepEqual(
    builds.map(({ name, inputs }) => [name, inputs["workflow"], inputs["ref"], inputs["timeout"]]),
    [
      ["acceptance-build", "dagger.yaml", "main", 600],
      ["acceptance-build-eblume/blumeops/nix.yaml", "nix.yaml", "main", 600],
      ["acceptance-build-eblume/blumeops/nix.yaml-2", "nix.yaml", "main", 600],
    ],
  );
});
