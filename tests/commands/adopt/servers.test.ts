import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { assertReached } from "../../../commands/adopt/reading/zotHost.ts";
import { HandMade, REGISTRY } from "./homelab.ts";

// What npm run adopt reads from Authentik, Forgejo and 1Password, and what it says where it cannot.

const group = (homelab: HandMade, name: string): Record<string, unknown> =>
  homelab.settings()[`zot-auth:${name}`] ?? {};

test("what the blueprint would take from Authentik is listed, and a group that may sign in becomes a setting", async (t) => {
  const homelab = await HandMade.start(t);
  await homelab.authentik.apply(
    "more.yaml",
    `version: 1
metadata: { name: more }
entries:
  - model: authentik_core.group
    id: family
    identifiers: { name: "Family, all" }
  - model: authentik_providers_oauth2.scopemapping
    id: mapping
    identifiers: { name: Shoe sizes }
    attrs: { scope_name: shoes, expression: "return {}" }
  - model: authentik_providers_oauth2.oauth2provider
    identifiers: { client_id: zot }
    attrs:
      property_mappings:
        - !KeyOf mapping
        - !Find [authentik_providers_oauth2.scopemapping, [managed, goauthentik.io/providers/oauth2/scope-openid]]
      redirect_uris:
        - { matching_mode: strict, url: "${REGISTRY}/zot/auth/callback/oidc" }
        - { matching_mode: strict, url: "https://old.example.net/zot/auth/callback/oidc" }
  - model: authentik_core.application
    id: app
    identifiers: { slug: zot }
    attrs: { meta_launch_url: "https://start.example.net" }
  - model: authentik_policies.policybinding
    identifiers: { target: !KeyOf app, order: 5 }
    attrs: { group: !KeyOf family }
`,
  );
  const ran = await homelab.adopt(homelab.flags());
  assert.equal(ran.code, 0, ran.output);
  assert.deepEqual(group(homelab, "access"), { signInGroups: ["Family, all"] });
  for (const row of [
    'Authentik: scope mapping "Shoe sizes": the provider gets those of openid, email and profile only.',
    "Authentik: redirect URI https://old.example.net/zot/auth/callback/oidc: the provider gets",
    "Authentik: launch URL https://start.example.net: it becomes registry.url",
  ]) {
    assert.ok(ran.output.includes(`  ${row}`), `${row}\n${ran.output}`);
    assert.ok(ran.text?.includes(`#   ${row}`), "the file says it, too");
  }
});

test("an account of another name in CI's group becomes ci.user; of several, one must be chosen", async (t) => {
  const homelab = await HandMade.start(t);
  const { pk } = await homelab.changeAuthentik("/core/users/", {
    username: "builder",
    name: "Builder",
    type: "service_account",
  });
  const workloads = await homelab.authentik.one("/core/groups/?name=artifact-workloads");
  await homelab.changeAuthentik(`/core/groups/${String(workloads["pk"])}/add_user/`, { pk });
  const several = await homelab.adopt(homelab.flags());
  assert.equal(several.code, 2);
  assert.match(
    several.output,
    /--ci\.user +The account of CI, of several in its group: (?:builder, zot-ci|zot-ci, builder)/,
  );
  const first = await homelab.authentik.one("/core/users/?username=zot-ci");
  await homelab.changeAuthentik(`/core/groups/${String(workloads["pk"])}/remove_user/`, { pk: first["pk"] });
  const ran = await homelab.adopt(homelab.flags());
  assert.equal(ran.code, 0, ran.output);
  assert.equal(group(homelab, "ci")["user"], "builder");
});

test("a group of people is never CI's, nor a person its account; one with a service account is", async (t) => {
  const homelab = await HandMade.start(t);
  const people = { policies: [{ groups: ["people"], actions: ["read", "create"] }], anonymousPolicy: ["read"] };
  homelab.changeConfig((config) => {
    config["http"] = { ...config["http"], accessControl: { repositories: { "**": people } } };
  });
  const addTo = async (groupPk: unknown, username: string): Promise<void> => {
    const { pk } = await homelab.authentik.one(`/core/users/?username=${username}`);
    await homelab.changeAuthentik(`/core/groups/${String(groupPk)}/add_user/`, { pk });
  };
  const { pk } = await homelab.changeAuthentik("/core/groups/", { name: "people" });
  await addTo(pk, "akadmin");
  const ran = await homelab.adopt(homelab.flags());
  assert.equal(ran.code, 0, ran.output);
  assert.deepEqual(group(homelab, "access")["groups"], { people: ["read", "create"] });
  assert.match(
    ran.output,
    /^CI's group: artifact-workloads \(the default\), CI's account: zot-ci \(from Authentik\), administrators: admins \(the default\)$/m,
  );

  const told = await homelab.adopt(["--yes", "--access.ciGroup", "people", ...homelab.flags()]);
  assert.match(
    told.output,
    /^CI's group: people \(from --access\.ciGroup\), CI's account: zot-ci \(the default\), administrators: /m,
  );

  await addTo(pk, "other-ci");
  const machine = await homelab.adopt(["--yes", ...homelab.flags()]);
  assert.match(
    machine.output,
    /^CI's group: people \(from Authentik\), CI's account: other-ci \(from Authentik\), administrators: /m,
  );
  assert.deepEqual([group(homelab, "access")["ciGroup"], group(homelab, "ci")["user"]], ["people", "other-ci"]);
});

test("the Actions secret that looks like CI's key becomes the setting; of several, one must be chosen", async (t) => {
  const homelab = await HandMade.start(t, ["FLY_DEPLOY_TOKEN", "REGISTRY_TOKEN", "DOCKER_PASSWORD"]);
  const several = await homelab.adopt(homelab.flags());
  assert.equal(several.code, 2);
  assert.match(several.output, /--forgejo\.secretName +The Actions secret .*: DOCKER_PASSWORD, REGISTRY_TOKEN/);
  const ran = await homelab.adopt([...homelab.flags(), "--forgejo.secretName", "REGISTRY_TOKEN"]);
  assert.equal(ran.code, 0, ran.output);
  assert.equal(group(homelab, "forgejo")["secretName"], "REGISTRY_TOKEN");
});

test("servers that do not answer, or give no rights, leave a note, and the file is written", async (t) => {
  const homelab = await HandMade.start(t);
  writeFileSync(join(homelab.folder, "authentik"), "nobody-token\n", { mode: 0o600 });
  const ran = await homelab.adopt([
    ...homelab.flags("forgejo.url", "ci.keyStore"),
    ...["--forgejo.url", "http://127.0.0.1:1"],
    ...["--ci.keyStore", "op://homelab/Nowhere/key"],
  ]);
  assert.equal(ran.code, 0, ran.output);
  assert.match(ran.output, /Left out, because it cannot be read: .*authentik_providers_oauth2\.view_oauth2provider/);
  assert.match(ran.output, /Nothing was read from Forgejo, .*: Forgejo does not answer at http:\/\/127\.0\.0\.1:1/);
  assert.match(ran.output, /ci\.keyStore was not read: The item "Nowhere" does not exist/);
  assert.equal(group(homelab, "authentik")["providerName"], undefined);
});

test("a host whose config cannot be read, or whose zot cannot be asked, is an error that says why", async (t) => {
  const homelab = await HandMade.start(t);
  const fails = async (flags: readonly string[], said: RegExp): Promise<void> => {
    const ran = await homelab.adopt(flags);
    assert.deepEqual([ran.code, ran.text], [1, undefined], ran.output);
    assert.match(ran.output, said);
  };
  const other = ["--registry.configFile", join(homelab.folder, "none.json")];
  await fails(
    [...homelab.flags("registry.configFile"), ...other],
    /zot's config cannot be read on local: cat: .*No such file/,
  );
  await fails(
    [...homelab.flags("registry.binary"), "--registry.binary", "/nowhere/zot"],
    /zot does not exist at "\/nowhere\/zot" on local \(setting registry\.binary\)/,
  );
  const bare = "/usr/bin:/bin";
  const unknown = await homelab.adopt(homelab.flags("registry.binary", "ci.keyStore"), undefined, bare);
  assert.equal(unknown.code, 2);
  assert.match(unknown.output, /--registry\.binary +The zot executable.*\n +--ci\.keyStore /);
  const slow = { code: undefined, stdout: "", stderr: "", reason: "exit code unknown" };
  assert.throws(
    () => assertReached(slow, "ssh:nas"),
    /ssh:nas \(setting registry\.host\) did not answer within 60 s\./,
  );
  homelab.program("zot", "echo no version");
  await fails(homelab.flags(), /The version of zot on local is unknown/);
  writeFileSync(homelab.configFile, "http: {secret: hunter2}\n");
  await fails(homelab.flags(), /config\.json on local is not a JSON object/);
});

test("wrong usage is an error that names the flag and never a value that may be a secret", async (t) => {
  const homelab = await HandMade.start(t);
  const refused = async (...flags: readonly string[]): Promise<string> => {
    const ran = await homelab.adopt(flags);
    assert.deepEqual([ran.code, ran.text], [2, undefined], ran.output);
    assert.doesNotMatch(ran.output, /hunter2/);
    return ran.output;
  };
  assert.match(await refused("--registry.hots", "nas"), /--registry\.hots: unknown setting\. Did you mean "host"\?/);
  assert.match(await refused("--authentik.token", "hunter2"), /--authentik\.token: got a value that is not shown/);
  assert.match(await refused("--token=hunter2"), /--token: no such flag\./);
  assert.match(await refused("hunter2"), /an argument that belongs to no flag/);
  assert.match(await refused("--registry.port", "many"), /--registry\.port: got "many"; must be a port/);
  assert.match(await refused("--registry.host"), /--registry\.host: needs a value\./);
  assert.match((await homelab.adopt(["--help"])).output, /^usage: npm run adopt -- <stack> \[flags\]\n/);
});

test("the account of our own token is never taken for CI's", async (t) => {
  const homelab = await HandMade.start(t);
  const { pk } = (await homelab.authentik.api("GET", "/core/users/me/")).json["user"] as { readonly pk: number };
  const group = await homelab.authentik.one("/core/groups/?name=artifact-workloads");
  await homelab.authentik.api("PATCH", `/core/users/${pk}/`, { type: "service_account" });
  const ci = await homelab.authentik.one("/core/users/?username=zot-ci");
  for (const [user, action] of [
    [pk, "add_user"],
    [ci["pk"], "remove_user"],
  ])
    await homelab.changeAuthentik(`/core/groups/${String(group["pk"])}/${String(action)}/`, { pk: user });
  const ran = await homelab.adopt(homelab.flags());
  assert.equal(ran.code, 0, ran.output);
  assert.match(ran.output, /CI's account: zot-ci \(the default\)/);
});
