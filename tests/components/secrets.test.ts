import assert from "node:assert/strict";
import test from "node:test";
import { REAL_CASE } from "../support/settings.ts";
import { CLIENT_SECRET, isSecret, runProgram } from "./mocks.ts";
import { ARGOCD, one } from "./registered.ts";

// Which secrets the program hands on, and to whom.

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

test("a reference of four parts that cannot be read: one of them may be half of a name with a slash", async () => {
  const run = async (clientSecret: string): Promise<unknown> =>
    runProgram({ authentik: { ...REAL_CASE.authentik, clientSecret } });
  await assert.rejects(
    run("op://vault/no item/Secrets/zot-client-secret"),
    /cannot be read: .*If a name in it contains a slash, use its id: a slash separates the parts\./,
  );
  await assert.rejects(run("op://vault/no item/zot-client-secret"), /cannot be read: .* onePassword\.\* settings\.$/m);
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

test("more than 50 recipients of a secret are one row, which names each of them", async () => {
  const many = Array.from({ length: 51 }, (_, index) => `eblume/app-${index}`);
  const secrets = [
    { name: "MANY", source: "env:MANY", repositories: many },
    { name: "FEW", source: "env:FEW", repositories: many.slice(1) },
  ];
  const run = await runProgram({
    forgejo: { url: "https://forge.eblu.me", token: "env:T", repositories: many, secrets },
  });
  const types = (type: string): readonly string[] =>
    run.resources.filter((row) => row.type === `zot-auth:forgejo:${type}`).map(({ name }) => name);
  assert.deepEqual(types("ActionsSecret"), []);
  assert.deepEqual(types("ActionsSecrets"), ["forgejo-recipients"]);
  assert.deepEqual(types("CopiedSecrets"), ["forgejo-recipients-MANY"]);
  assert.equal(types("CopiedSecret").length, 50);
  const { inputs } = one(run, "zot-auth:forgejo:ActionsSecrets");
  assert.deepEqual(inputs["recipients"], Object.fromEntries(many.map((target) => [target, 0])));
  assert.equal(inputs["target"], undefined);
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
