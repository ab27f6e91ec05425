// Measured differences between releases.
import assert from "node:assert/strict";
import test from "node:test";
import type { AuthentikOptions } from "../../../lab/authentik/server.ts";
import type { Lab } from "./support.ts";
import { Browser, callback, measured, startLab } from "./support.ts";

const at = async (t: test.TestContext, version: string, options: Partial<AuthentikOptions> = {}): Promise<Lab> => {
  const lab = await startLab(t, { version, ...options });
  await lab.apply("zot.yaml", measured);
  assert.equal((await lab.api("GET", "/admin/version/")).json["version_current"], version);
  return lab;
};

const authorize = `/application/o/authorize/?${new URLSearchParams({
  client_id: "zot",
  redirect_uri: callback,
  response_type: "code",
  scope: "openid email profile",
  state: "s",
}).toString()}`;

async function machine(lab: Lab): Promise<Browser> {
  const browser = new Browser(lab);
  await browser.machineLogin("zot-ci", await lab.appPassword());
  return browser;
}

test("2026.5: a provider has grant types, and its redirect URIs have a type", async (t) => {
  const [before, since] = [await at(t, "2026.2.0"), await at(t, "2026.5.0")];
  const show = (lab: Lab) => lab.one("/providers/oauth2/?client_id=zot");
  const address = { matching_mode: "strict", url: callback };
  const [old, now] = [await show(before), await show(since)];
  assert.deepEqual([old["grant_types"], old["redirect_uris"]], [undefined, [address]]);
  assert.deepEqual(now["grant_types"], ["authorization_code", "refresh_token"]);
  assert.deepEqual(now["redirect_uris"], [{ ...address, redirect_uri_type: "authorization" }]);
});

test("2026.5: without the grant type, a machine gets no token", async (t) => {
  for (const [version, status, error] of [
    ["2026.2.0", 200, undefined],
    ["2026.5.0", 400, "invalid_request"],
  ] as const) {
    const lab = await at(t, version);
    const form = { grant_type: "client_credentials", client_id: "zot", username: "zot-ci", scope: "openid" };
    const body = new URLSearchParams({ ...form, password: await lab.appPassword() });
    const answer = await fetch(`${lab.server.url}/application/o/token/`, { method: "POST", body });
    const { error: told } = (await answer.json()) as { error?: string };
    assert.deepEqual([answer.status, told], [status, error], version);
  }
});

test("2026.5: a one-time import of a blueprint requires permissions on all its models", async (t) => {
  const content = "version: 1\nentries:\n  - model: authentik_core.group\n    identifiers: {name: imported}\n";
  const send = async (lab: Lab, text: string, key = "admin-token") => {
    const body = new FormData();
    body.set("file", new File([text], "file.yaml"));
    const headers = { authorization: `Bearer ${key}` };
    const url = `${lab.server.url}/api/v3/managed/blueprints/import/`;
    const answer = await fetch(url, { method: "POST", headers, body });
    return { status: answer.status, text: await answer.text() };
  };
  const before = await at(t, "2026.2.0");
  assert.equal((await send(before, content)).status, 405);
  const lab = await at(t, "2026.5.0");
  assert.equal((await send(lab, content, "robot-token")).status, 403);
  const done = await send(lab, content);
  assert.deepEqual([done.status, (JSON.parse(done.text) as { success: boolean }).success], [200, true]);
  assert.equal((await lab.one("/core/groups/?name=imported"))["name"], "imported");
  const failed = await send(lab, content.replace("_core.group", "_core.nosuch"));
  assert.deepEqual([failed.status, (JSON.parse(failed.text) as { success: boolean }).success], [200, false]);
  assert.match(failed.text, /App or Model does not exist/);
});

test("2026.8: a binding can expire", async (t) => {
  const ended = measured.replace(
    "      group: !KeyOf workloads\n  - model: authentik_flows.flow\n",
    '      group: !KeyOf workloads\n      expiring: true\n      expires: "2026-01-01T00:00:00.000000Z"\n  - model: authentik_flows.flow\n',
  );
  assert.notEqual(ended, measured);
  for (const [version, status] of [
    ["2026.5.0", 302],
    ["2026.8.0", 200],
  ] as const) {
    const lab = await at(t, version);
    await lab.apply("zot.yaml", ended);
    assert.equal((await (await machine(lab)).request("GET", authorize)).status, status, version);
  }
});

test("2026.8: Authentik ignores an untrusted proxy, so that issuer and cookies are those of plain HTTP", async (t) => {
  const proxied = { "x-forwarded-proto": "https", "x-forwarded-host": "authentik.example.test" };
  for (const [version, options, isBelieved] of [
    ["2026.5.0", { trustedProxies: ["10.0.0.0/8"] }, true],
    ["2026.8.0", { trustedProxies: ["10.0.0.0/8"] }, false],
    ["2026.8.0", { trustedProxies: ["127.0.0.0/8"] }, true],
    ["2026.8.0", {}, true],
  ] as const) {
    const lab = await at(t, version, options);
    const discovery = `${lab.server.url}/application/o/zot/.well-known/openid-configuration`;
    const { issuer } = (await (await fetch(discovery, { headers: proxied })).json()) as { issuer: string };
    const base = isBelieved ? "https://authentik.example.test" : lab.server.url;
    assert.equal(issuer, `${base}/application/o/zot/`, version);
    const path = "/api/v3/flows/executor/machine-login/?query=";
    const { headers } = await new Browser(lab).request("GET", path, undefined, proxied);
    assert.equal(/; Secure/.test(headers.getSetCookie().join()), isBelieved, version);
  }
});

test("2026.8: users/me marks the current account", async (t) => {
  for (const [version, users, isCurrent] of [
    ["2026.5.0", undefined, undefined],
    ["2026.8.0", [], true],
  ] as const) {
    const lab = await at(t, version);
    const { json } = await lab.api("GET", "/core/users/me/");
    assert.deepEqual([json["users"], (json["user"] as Record<string, unknown>)["is_current"]], [users, isCurrent]);
  }
});

test("2024.12: an authorization without stages redirects at once; earlier releases run the flow first", async (t) => {
  const since = await at(t, "2024.12.0");
  const direct = (await (await machine(since)).request("GET", authorize)).headers.get("location") ?? "";
  assert.ok(direct.startsWith(`${callback}?code=`), direct);

  const browser = await machine(await at(t, "2024.10.5"));
  const { status, headers } = await browser.request("GET", authorize);
  const slug = "default-provider-authorization-implicit-consent";
  const [path, query = ""] = (headers.get("location") ?? "").split("?");
  assert.deepEqual([status, path], [302, `/if/flow/${slug}/`]);
  const { component, to } = await browser.flow(slug, undefined, query);
  assert.equal(component, "xak-flow-redirect");
  assert.ok(String(to).startsWith(`${callback}?code=`), String(to));
});
