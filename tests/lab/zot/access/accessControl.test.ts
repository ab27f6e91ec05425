// Access control cases that the recorded matrix does not contain.
import assert from "node:assert/strict";
import test from "node:test";
import type { Action } from "../../../../lab/zot/access/accessControl.ts";
import { anonymous, mayList } from "../../../../lab/zot/access/accessControl.ts";
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
  return actions.filter((action) => mayList(config, subject, action, repository));
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
  assert.equal(mayList(config, anonymous, "read", "private/app"), false);
  assert.equal(mayList(config, anonymous, "read", "public/app"), true);
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
  assert.equal(mayList(config, anonymous, "read", "any/app"), false);
});

test("a policy's conditions are evaluated with the request, and the message of one that does not hold is the reason", async (t) => {
  const conditions = [
    { expression: "req.user.username == 'zot-ci' && size(req.claims) == 0", message: "another user" },
    { expression: "req.tag == '' || req.tag.startsWith('v')", message: "the tag must start with v" },
    { expression: "req.repository in ['team/app'] && req.action == 'create'", message: "another repository" },
  ];
  const registry = await startRegistry(({ http }) => {
    http.accessControl = {
      repositories: {
        "**": { policies: [{ groups: ["artifact-workloads"], actions: ["read", "create"], conditions }] },
      },
      adminPolicy: {
        groups: ["admins"],
        actions: ["read"],
        conditions: [{ expression: "req.auth.admin && req.client.ip == '10.0.0.1'", message: "another network" }],
      },
    };
  });
  t.after(() => registry.close());
  const ci = { Authorization: await registry.mint("zot-ci") };
  assert.equal(await pushImage(registry.url, "team/app", "v1", image("one"), ci), 201);
  const reason = async (path: string, headers: Record<string, string>, init: RequestInit = {}): Promise<unknown> => {
    const answer = await fetch(`${registry.url}/v2/${path}`, { ...init, headers });
    assert.equal(answer.status, 403);
    const { errors } = (await answer.json()) as { errors: { detail: { reason?: string } }[] };
    return errors[0]?.detail.reason;
  };
  assert.equal(await reason("team/app/manifests/latest", ci, { method: "PUT" }), "the tag must start with v");
  assert.equal(await reason("other/app/blobs/uploads/", ci, { method: "POST" }), "another repository");
  assert.equal(await reason("team/app/tags/list", ci), "another repository");
  const admin = { Authorization: await registry.mint("admin") };
  assert.equal(await reason("team/app/tags/list", admin), "another network");
});

test("a condition that cannot be evaluated grants nothing and gives no reason", async (t) => {
  const registry = await startRegistry(({ http }) => {
    const conditions = [{ expression: "req.claims.repository == 'a'", message: "never shown" }];
    http.accessControl = {
      repositories: { "**": { policies: [{ groups: ["admins"], actions: ["read"], conditions }] } },
    };
  });
  t.after(() => registry.close());
  const headers = { Authorization: await registry.mint("admin") };
  const answer = await fetch(`${registry.url}/v2/team/app/tags/list`, { headers });
  assert.deepEqual([answer.status, (await answer.text()).includes("reason")], [403, false]);
  assert.ok(registry.log.some((line) => line.includes("failed to evaluate policy condition")));
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

test("bearer authentication disables all other authentication before v2.1.22, if it is complete", async (t) => {
  const bearer: Record<string, unknown> = { realm: "http://127.0.0.1/token", service: "zot" };
  const incomplete = await startRegistry((config) => {
    config.http.auth = { ...config.http.auth, bearer };
  });
  t.after(() => incomplete.close());
  assert.equal((await fetch(`${incomplete.url}/v2/_catalog`)).status, 200);
  bearer["oidc"] = [{ issuer: "http://127.0.0.1:1", audiences: ["zot"] }];
  const registry = await startRegistry((config) => {
    config.http.auth = { ...config.http.auth, bearer };
  });
  t.after(() => registry.close());
  const answer = await fetch(`${registry.url}/v2/some/app/tags/list`);
  const challenge = 'Bearer realm="http://127.0.0.1/token",service="zot",scope="repository:some/app:pull"';
  assert.deepEqual([answer.status, answer.headers.get("www-authenticate")], [401, challenge]);
  assert.equal((await fetch(`${registry.url}/zot/auth/login?provider=oidc`)).status, 400);
});
