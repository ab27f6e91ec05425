import assert from "node:assert/strict";
import test from "node:test";
import { fingerprint } from "../../core/secrets/fingerprint.ts";
import { REAL_CASE } from "../support/settings.ts";
import { CLIENT_SECRET, isSecret, runProgram } from "./mocks.ts";
import type { MockedRun, Registered } from "./mocks.ts";

const ARGOCD = { argocd: { url: "https://argocd.ops.eblu.me", token: "env:ARGOCD_TOKEN" } };

function one(run: MockedRun, type: string, name?: string): Registered {
  const found = run.resources.filter(
    (resource) => resource.type === type && (name === undefined || resource.name === name),
  );
  assert.equal(
    found.length,
    1,
    `one ${type} ${name ?? ""}, found ${found.map((resource) => resource.name).join(", ")}`,
  );
  return found[0] as Registered;
}

/** Asserts that each type is registered after the one before it. */
function inOrder(run: MockedRun, ...types: readonly string[]): void {
  const places = types.map((type) => run.resources.findIndex((resource) => resource.type === type));
  assert.ok(!places.includes(-1), `all of ${types.join(", ")} are registered`);
  assert.deepEqual(
    places,
    places.toSorted((left, right) => left - right),
    types.join(" before "),
  );
}

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

test("the ConfigMap patch writes one key, forced, with its own field manager", async () => {
  const { inputs } = one(await runProgram(), "kubernetes:core/v1:ConfigMapPatch");
  assert.deepEqual(Object.keys(inputs["data"] as object), ["zot.yaml"]);
  assert.deepEqual((inputs["metadata"] as Record<string, unknown>)["annotations"], {
    "pulumi.com/patchFieldManager": "zot-auth",
    "pulumi.com/patchForce": "true",
  });
});

test("with Argo CD, the ConfigMap patch follows each sync, which may have deleted its key", async () => {
  const { inputs } = one(await runProgram(ARGOCD), "kubernetes:core/v1:ConfigMapPatch");
  assert.deepEqual((inputs["metadata"] as Record<string, unknown>)["annotations"], {
    "pulumi.com/patchFieldManager": "zot-auth",
    "pulumi.com/patchForce": "true",
    "zot-auth/synced-revision": "0123abcd",
  });
});

for (const [delivery, type] of [
  ["file:../homelab/authentik/zot.yaml", "zot-auth:authentik:BlueprintFile"],
  ["api", "zot-auth:authentik:InlineBlueprint"],
] as const) {
  test(`with the delivery ${delivery} no Kubernetes resource is registered, and the rest still waits for the blueprint`, async () => {
    const { authentik } = REAL_CASE;
    const run = await runProgram({ authentik: { ...authentik, delivery } });
    assert.deepEqual(
      run.resources.filter((resource) => /kubernetes|argocd/.test(resource.type)),
      [],
    );
    const { inputs } = one(run, type, "authentik-blueprint");
    assert.match(String(inputs["text"]), /^version: 1\n/);
    inOrder(run, "zot-auth:authentik:ObjectCleanup", type, "zot-auth:authentik:AppliedBlueprint");
    const applied = one(run, "zot-auth:authentik:AppliedBlueprint").inputs;
    assert.equal(applied["text"], inputs["text"], "Authentik is expected to apply the delivered text");
    assert.equal(applied["path"], delivery === "api" ? "inline:zot-auth zot" : "custom/zot.yaml");
  });
}

test("the blueprint's objects are recorded before it is delivered", async () => {
  const run = await runProgram(ARGOCD);
  inOrder(run, "zot-auth:authentik:ObjectCleanup", "zot-auth:argocd:Sync", "kubernetes:core/v1:ConfigMapPatch");
  const { inputs } = one(run, "zot-auth:authentik:ObjectCleanup");
  assert.deepEqual(inputs["objects"], one(run, "zot-auth:authentik:AppliedBlueprint").inputs["objects"]);
});

test("without Argo CD there is no sync", async () => {
  const run = await runProgram();
  assert.equal(run.resources.filter(({ type }) => type === "zot-auth:argocd:Sync").length, 0);
});

test("the client secret is passed on standard input as a secret, and nowhere else", async () => {
  const run = await runProgram(ARGOCD);
  const { inputs } = one(run, "command:local:Command", "zot-credentials");
  assert.ok(isSecret(inputs["stdin"]));
  for (const resource of run.resources) {
    const others = resource.name === "zot-credentials" ? { ...resource.inputs, stdin: "" } : resource.inputs;
    assert.ok(!JSON.stringify(others).includes(CLIENT_SECRET), `${resource.name} does not hold the client secret`);
  }
  assert.ok(!JSON.stringify(run.outputs).includes(CLIENT_SECRET));
});

test("the client secret is read from the section that the reference names", async () => {
  const clientSecret = "op://vault/two sections/test registry/zot-client-secret";
  const run = await runProgram({ authentik: { ...REAL_CASE.authentik, clientSecret } });
  const { inputs } = one(run, "command:local:Command", "zot-credentials");
  assert.match(JSON.stringify(inputs["stdin"]), /the-test-registry-secret/);
  // As our own client does, which reads the same reference for the proof.
  const ambiguous = { ...REAL_CASE.authentik, clientSecret: "op://vault/two sections/zot-client-secret" };
  await assert.rejects(
    runProgram({ authentik: ambiguous }),
    /^Error: authentik\.clientSecret: .* has 2 fields named "zot-client-secret"\. Name the section .* or use the field's id: f1 in section "registry", f2 in section "test registry"/,
  );
});

test("every repository, organisation and user gets the same key, once, after it exists", async () => {
  const repositories = ["eblume/blumeops", "eblume/cv", "images", "user:eblume"];
  const run = await runProgram({ forgejo: { url: "https://forge.eblu.me", token: "env:T", repositories } });
  const secrets = run.resources.filter(({ type }) => type === "zot-auth:forgejo:ActionsSecret");
  assert.deepEqual(secrets.map(({ name }) => name).sort(), repositories.map((target) => `forgejo-${target}`).sort());
  const place = (of: string): number => run.resources.findIndex(({ type }) => type === of);
  for (const { name, inputs } of secrets) {
    assert.deepEqual(
      inputs,
      {
        forgejoUrl: "https://forge.eblu.me",
        forgejoToken: "env:T",
        target: name.slice("forgejo-".length),
        secretName: "ZOT_CI_API_KEY",
        login: { user: "zot-ci", registry: "https://registry.ops.eblu.me", prefix: "blumeops" },
        source: "op://vault/item/zot-ci-api",
        fingerprint: "0123456789abcdef",
        label: "zot-auth/test/1",
        expires: "2026-04-01T00:00:00Z",
      },
      name,
    );
  }
  assert.ok(place("zot-auth:zot:ApiKey") < place("zot-auth:forgejo:ActionsSecret"));
  assert.equal(run.resources.filter(({ type }) => type === "zot-auth:forgejo:CopiedSecret").length, 0);
});

test("other secrets are passed by reference to each of their targets, and the preflight checks all of them", async () => {
  const secrets = [
    { name: "FORGE_TOKEN", source: "op://vault/item/forge-token", repositories: ["eblume/cv", "user:eblume"] },
    { name: "ARGOCD_AUTH_TOKEN", source: "env:ARGOCD_AUTH_TOKEN", repositories: ["eblume/blumeops"] },
  ];
  const forgejo = { url: "https://forge.eblu.me", token: "env:T", repositories: ["eblume/blumeops"], secrets };
  const run = await runProgram({ forgejo });
  const copied = run.resources.filter(({ type }) => type === "zot-auth:forgejo:CopiedSecret");
  const expected = [
    ["forgejo-eblume/blumeops-ARGOCD_AUTH_TOKEN", "eblume/blumeops", "ARGOCD_AUTH_TOKEN", "env:ARGOCD_AUTH_TOKEN"],
    ["forgejo-eblume/cv-FORGE_TOKEN", "eblume/cv", "FORGE_TOKEN", "op://vault/item/forge-token"],
    ["forgejo-user:eblume-FORGE_TOKEN", "user:eblume", "FORGE_TOKEN", "op://vault/item/forge-token"],
  ] as const;
  assert.deepEqual(
    copied.toSorted((left, right) => (left.name < right.name ? -1 : 1)).map(({ name, inputs }) => ({ name, inputs })),
    expected.map(([name, target, secretName, source]) => ({
      name,
      inputs: {
        forgejoUrl: "https://forge.eblu.me",
        forgejoToken: "env:T",
        target,
        secretName,
        source,
        label: `zot-auth/test/${secretName}`,
      },
    })),
  );
  const { inputs: preflight } = one(run, "zot-auth:acceptance:Preflight");
  assert.deepEqual(preflight["targets"], ["eblume/blumeops", "eblume/cv", "user:eblume"]);
  assert.deepEqual(preflight["sources"], ["op://vault/item/forge-token", "env:ARGOCD_AUTH_TOKEN"]);
});

test("a secret of this machine that cannot be read makes the preflight run, with the setting and the reason", async () => {
  const forgejo = { url: "https://forge.eblu.me", token: "file:no-such-token", repositories: ["eblume/blumeops"] };
  const run = await runProgram({
    authentik: { ...REAL_CASE.authentik, token: "env:ZOT_AUTH_NO_SUCH_VARIABLE" },
    forgejo: { ...forgejo, secrets: [{ name: "A", source: "env:HOME", repositories: ["eblume/cv"] }] },
  });
  assert.deepEqual(one(run, "zot-auth:acceptance:Preflight").inputs["unreadable"], [
    "authentik.token: The environment variable ZOT_AUTH_NO_SUCH_VARIABLE (from env:ZOT_AUTH_NO_SUCH_VARIABLE) is not set. Set it where pulumi runs.",
    "forgejo.token: The file no-such-token (from file:no-such-token) does not exist. Store the secret there, mode 0600; the path is relative to the project's folder.",
  ]);
  const readable = await runProgram({
    authentik: { ...REAL_CASE.authentik, token: "env:HOME" },
    forgejo: { ...forgejo, token: "env:HOME" },
  });
  assert.equal(one(readable, "zot-auth:acceptance:Preflight").inputs["unreadable"], undefined);
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

test("the outputs are those of docs/outputs.md, without the key", async () => {
  const { outputs } = await runProgram();
  assert.deepEqual(
    { ...outputs },
    {
      registryHost: "registry.ops.eblu.me",
      registryUrl: "https://registry.ops.eblu.me",
      zotVersion: "2.1.20",
      ciUser: "zot-ci",
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
