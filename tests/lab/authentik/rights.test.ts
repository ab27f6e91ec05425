// Permissions belong to roles, and the program needs each of its five.
import assert from "node:assert/strict";
import test from "node:test";
import type { Lab } from "./support.ts";
import { measured, startLab } from "./support.ts";

const key = "a-key-of-the-least-rights";

/** A role, an account with it, and the account's token, all created by a blueprint. */
const withRights = (rights: readonly string[]): string => `version: 1
metadata: {name: rights}
entries:
  - model: authentik_rbac.role
    id: role
    identifiers: {name: zot-auth}
    attrs:
      permissions: ${JSON.stringify(rights)}
  - model: authentik_core.user
    id: account
    identifiers: {username: zot-auth}
    attrs: {name: zot-auth, type: service_account, roles: [!KeyOf role]}
  - model: authentik_core.token
    identifiers: {identifier: zot-auth}
    attrs: {user: !KeyOf account, intent: api, expiring: false, key: ${key}}
`;

const least = {
  "authentik_blueprints.view_blueprintinstance": "GET /managed/blueprints/?path=custom%2Fzot.yaml",
  "authentik_blueprints.add_blueprintinstance": "POST /managed/blueprints/<pk>/apply/",
  "authentik_core.view_user": "GET /core/users/?username=zot-ci",
  "authentik_core.view_token": "GET /core/tokens/zot-ci-app-password/",
  "authentik_core.view_token_key": "GET /core/tokens/zot-ci-app-password/view_key/",
} as const;

async function statuses(lab: Lab): Promise<Readonly<Record<string, number>>> {
  const { pk } = await lab.instance("zot.yaml");
  const asked = Object.values(least).map(async (request) => {
    const [method = "", path = ""] = request.replace("<pk>", String(pk)).split(" ");
    return [request, (await lab.api(method, path, undefined, key)).status] as const;
  });
  return Object.fromEntries(await Promise.all(asked));
}

test("a role with the five permissions is sufficient; without one of them, the requests that require it fail", async (t) => {
  const lab = await startLab(t);
  await lab.apply("zot.yaml", measured);
  const rights = Object.keys(least) as (keyof typeof least)[];
  await lab.apply("rights.yaml", withRights(rights));
  const allowed = Object.fromEntries(Object.values(least).map((request) => [request, 200]));
  assert.deepEqual(await statuses(lab), allowed);

  for (const missing of rights) {
    await lab.apply("rights.yaml", withRights(rights.filter((right) => right !== missing)));
    const refused: Record<string, number> = { ...allowed, [least[missing]]: 403 };
    // Applying also requires the view permission. A token that the caller cannot view is a 404, and so is its key.
    if (missing === "authentik_blueprints.view_blueprintinstance")
      refused[least["authentik_blueprints.add_blueprintinstance"]] = 403;
    if (missing === "authentik_core.view_token") {
      refused[least["authentik_core.view_token"]] = 404;
      refused[least["authentik_core.view_token_key"]] = 404;
    }
    assert.deepEqual(await statuses(lab), refused, `without ${missing}`);
  }
});

test("a group also grants its roles, for as long as the account is a member", async (t) => {
  const lab = await startLab(t);
  const { json: role } = await lab.api("POST", "/rbac/roles/", { name: "viewers" });
  const path = `/rbac/permissions/assigned_by_roles/${String(role["pk"])}/assign/`;
  assert.equal((await lab.api("POST", path, { permissions: ["authentik_core.view_user"] })).status, 200);
  const { json: group } = await lab.api("POST", "/core/groups/", { name: "viewers", roles: [role["pk"]] });
  const ask = async (): Promise<number> => (await lab.api("GET", "/core/users/", undefined, "nobody-token")).status;
  assert.equal(await ask(), 403);
  const { pk } = await lab.one("/core/users/?username=nobody");
  await lab.api("POST", `/core/groups/${String(group["pk"])}/add_user/`, { pk });
  assert.equal(await ask(), 200);
  await lab.api("DELETE", `/rbac/roles/${String(role["pk"])}/`);
  assert.equal(await ask(), 403);
});
