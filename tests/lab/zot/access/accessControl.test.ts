// Access control cases that the recorded matrix does not contain.
import assert from "node:assert/strict";
import test from "node:test";
import type { Action } from "../../../../lab/zot/access/accessControl.ts";
import { anonymous, isAllowed } from "../../../../lab/zot/access/accessControl.ts";
import type { AccessControlConfig } from "../../../../lab/zot/config/config.ts";
import { toConfig } from "../../../../lab/zot/config/config.ts";
import { decodeConfig } from "../../../../lab/zot/config/schema.ts";
import { zotVersion } from "../../../../lab/zot/version.ts";
import { image, pushImage } from "../support/images.ts";
import { startRegistry } from "../support/registry.ts";

function accessControl(config: object): AccessControlConfig {
  const decoded = toConfig(decodeConfig({ http: { accessControl: config } }, zotVersion())).http.accessControl;
  assert.ok(decoded !== undefined);
  return decoded;
}

const admin = { name: "root", groups: ["admins"] };
const user = { name: "someone", groups: ["team"] };

function rights(config: AccessControlConfig, subject: typeof user, repository: string): Action[] {
  const actions: readonly Action[] = ["read", "create", "update", "delete"];
  return actions.filter((action) => isAllowed(config, subject, action, repository));
}

test("only the longest matching pattern applies", () => {
  const config = accessControl({
    repositories: {
      "**": { anonymousPolicy: ["read"], defaultPolicy: ["read", "create"] },
      "private/**": { policies: [{ groups: ["admins"], actions: ["read", "delete"] }] },
    },
  });
  assert.deepEqual(rights(config, user, "public/app"), ["read", "create"]);
  assert.deepEqual(rights(config, user, "private/app"), []);
  assert.equal(isAllowed(config, anonymous, "read", "private/app"), false);
  assert.equal(isAllowed(config, anonymous, "read", "public/app"), true);
  assert.deepEqual(rights(config, admin, "private/deep/app"), ["read", "delete"]);
});

test("policies apply to users and groups, and the admin policy to all repositories", () => {
  const config = accessControl({
    repositories: {
      "**": {
        policies: [
          { users: ["someone"], actions: ["read"] },
          { groups: ["team"], actions: ["create"] },
        ],
      },
    },
    adminPolicy: { groups: ["admins"], actions: ["read", "update"] },
  });
  assert.deepEqual(rights(config, user, "any/app"), ["read", "create"]);
  assert.deepEqual(rights(config, { name: "Someone", groups: ["Team"] }, "any/app"), []);
  assert.deepEqual(rights(config, admin, "any/app"), ["read", "update"]);
  assert.equal(isAllowed(config, anonymous, "read", "any/app"), false);
});

test("a policy with conditions grants nothing, because the stand-in cannot evaluate them", () => {
  const policy = { users: ["someone"], actions: ["read"], conditions: [{ expression: "true", message: "" }] };
  assert.deepEqual(rights(accessControl({ repositories: { "**": { policies: [policy] } } }), user, "any/app"), []);
});

test("an unreadable repository is not in the catalog, and its blobs cannot be mounted", async (t) => {
  const registry = await startRegistry((config) => {
    Object.assign(config.http.accessControl?.repositories ?? {}, {
      "private/**": { policies: [{ groups: ["admins"], actions: ["read", "create"] }] },
    });
  });
  t.after(() => registry.close());
  const root = { Authorization: await registry.mint("admin") };
  const ci = { Authorization: await registry.mint("zot-ci") };
  assert.equal(await pushImage(registry.url, "private/app", "v1", image("private"), root), 201);
  const catalog = async (headers: Record<string, string>): Promise<unknown> =>
    ((await (await fetch(`${registry.url}/v2/_catalog`, { headers })).json()) as { repositories: unknown })
      .repositories;
  assert.deepEqual(await catalog(ci), []);
  assert.deepEqual(await catalog(root), ["private/app"]);
  const { digest } = (JSON.parse(image("private").manifest) as { config: { digest: string } }).config;
  const mount = async (headers: Record<string, string>): Promise<number> => {
    const url = `${registry.url}/v2/other/app/blobs/uploads/?mount=${digest}&from=private/app`;
    return (await fetch(url, { method: "POST", headers })).status;
  };
  assert.equal(await mount(ci), 202);
  assert.equal(await mount(root), 201);
  assert.equal((await fetch(`${registry.url}/v2/private/app/tags/list`, { headers: ci })).status, 403);
  assert.equal((await fetch(`${registry.url}/v2/private/app/tags/list`)).status, 401);
});

test("without access control, every authenticated user may do everything", async (t) => {
  const registry = await startRegistry(({ http }) => {
    delete http.accessControl;
  });
  t.after(() => registry.close());
  const key = { Authorization: await registry.mint("nobody") };
  assert.equal(await pushImage(registry.url, "any/app", "v1", image("any"), key), 201);
  assert.equal(await pushImage(registry.url, "any/app", "v1", image("any2"), key), 201);
  assert.equal((await fetch(`${registry.url}/v2/_catalog`)).status, 401);
});

test("bearer authentication disables all other authentication", async (t) => {
  const registry = await startRegistry((config) => {
    config.http.auth = { ...config.http.auth, bearer: { realm: "http://127.0.0.1/token", service: "zot" } };
  });
  t.after(() => registry.close());
  const answer = await fetch(`${registry.url}/v2/some/app/tags/list`);
  const challenge = 'Bearer realm="http://127.0.0.1/token",service="zot",scope="repository:some/app:pull"';
  assert.deepEqual([answer.status, answer.headers.get("www-authenticate")], [401, challenge]);
  assert.equal((await fetch(`${registry.url}/zot/auth/login?provider=oidc`)).status, 400);
});
