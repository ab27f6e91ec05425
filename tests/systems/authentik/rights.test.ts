import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import type { TestContext } from "node:test";
import { parse } from "yaml";
import { NEEDED_RIGHTS, judgeRights } from "../../../systems/authentik/rights/needed.ts";
import { Authentik } from "../../../systems/authentik/client.ts";
import { checkAuthentikRights } from "../../../systems/authentik/rights/check.ts";
import { serviceAccount } from "../../../systems/authentik/resources/authentikObjects.ts";
import type { Lab } from "../../lab/authentik/support.ts";
import { SIGNAL, authentik, coded, contextWith, inFrontOf } from "../zot/signIn/support.ts";
import type { Instead } from "../zot/signIn/support.ts";

// The permissions of the program's token, tested with the role from docs/ on the lab's Authentik.

const ROLE = readFileSync(new URL("../../../docs/reference/authentik-role.yaml", import.meta.url), "utf8");
const DOCS = readFileSync(new URL("../../../docs/reference/least-rights.md", import.meta.url), "utf8");
const NAMES = NEEDED_RIGHTS.map(({ right }) => right);
const TOKEN = "env:RIGHTS_TEST_TOKEN";

/** An Authentik with our blueprint and the role from docs/, whose token the program uses. */
async function withRole(t: TestContext): Promise<Lab> {
  const lab = await authentik(t);
  await lab.apply("zot-auth-role.yaml", ROLE);
  process.env["RIGHTS_TEST_TOKEN"] = await lab.appPassword("zot-auth-api");
  return lab;
}

async function change(lab: Lab, action: "assign" | "unassign", ...permissions: readonly string[]): Promise<void> {
  const role = await lab.one("/rbac/roles/?name=zot-auth");
  const path = `/rbac/permissions/assigned_by_roles/${String(role["pk"])}/${action}/`;
  const { status, text } = await lab.api(action === "assign" ? "POST" : "PATCH", path, { permissions });
  assert.ok(status < 300, text);
}

async function check(authentikUrl: string, token: `env:${string}` = TOKEN): Promise<readonly string[]> {
  const warnings: string[] = [];
  await checkAuthentikRights({ authentikUrl, authentikToken: token }, contextWith(warnings));
  return warnings;
}

test("the role in docs/ has exactly the permissions that the program needs, and the page names each", () => {
  const entries = (parse(ROLE, { logLevel: "silent" }) as { entries: { model: string; attrs: object }[] }).entries;
  const role = entries.find(({ model }) => model === "authentik_rbac.role");
  assert.deepEqual([...(role as { attrs: { permissions: string[] } }).attrs.permissions].sort(), [...NAMES].sort());
  const token = entries.find(({ model }) => model === "authentik_core.token");
  assert.ok(token !== undefined && !("key" in token.attrs), "no key stands in it");
  for (const right of NAMES) assert.ok(DOCS.includes(`\`${right}\``), right);
});

test("with the role's token all reads of the program succeed without a warning", async (t) => {
  const lab = await withRole(t);
  assert.deepEqual(await check(lab.server.url), []);
  const connection = { authentikUrl: lab.server.url, authentikToken: TOKEN } as const;
  const client = new Authentik(connection, SIGNAL);
  const instance = await client.blueprint("custom/zot.yaml");
  assert.equal(instance?.status, "successful");
  await client.apply(instance.pk);
  assert.ok((await client.tokenKey("zot-ci-app-password")).reveal().length > 20);
  const application = (await client.application("zot")) as { readonly pk: string; readonly provider: number };
  assert.equal((await client.bindings(application.pk)).length, 2);
  assert.equal(((await client.oauth2Provider(application.provider)) as { client_id: string }).client_id, "zot");
  const account = await serviceAccount.read?.(
    {
      ...connection,
      path: "custom/zot.yaml",
      hash: "",
      timeout: 1,
      username: "zot-ci",
      group: "artifact-workloads",
      appPassword: "zot-ci-app-password",
      drift: "",
    },
    contextWith([]),
  );
  assert.equal(account?.drift, "");
});

test("each missing permission is reported with its purpose", async (t) => {
  const lab = await withRole(t);
  for (const { right, purpose, optional } of NEEDED_RIGHTS) {
    await change(lab, "unassign", right);
    if (optional === true) {
      assert.match(
        (await check(lab.server.url)).join(),
        new RegExp(`lacks optional permissions in Authentik: ${right} `),
      );
    } else {
      const others = NAMES.filter((name) => name !== right);
      await assert.rejects(check(lab.server.url), (error) => {
        coded(
          "AUTHENTIK_RIGHTS_MISSING",
          /env:RIGHTS_TEST_TOKEN\), which is zot-auth's, has insufficient permissions/,
        )(error);
        const { message } = error as Error;
        assert.ok(message.includes(`lacks: ${right} (to ${purpose}).`), message);
        for (const other of others) assert.ok(!message.includes(`${other} (`), other);
        return true;
      });
    }
    await change(lab, "assign", right);
  }
  assert.deepEqual(await check(lab.server.url), []);
});

test("all missing permissions are reported at once", async (t) => {
  const lab = await withRole(t);
  await change(lab, "unassign", ...NAMES);
  await assert.rejects(check(lab.server.url), (error) => {
    for (const right of NAMES) assert.ok((error as Error).message.includes(right), right);
    return true;
  });
});

/** An Authentik before 2025.12, or one that does not list a role's permissions. */
const unreadableRights: Instead = (request, response) => {
  if (request.url?.startsWith("/api/v3/rbac/permissions/") !== true) return false;
  response.writeHead(403).end(JSON.stringify({ detail: "You do not have permission to perform this action." }));
  return true;
};

test("if Authentik does not list the permissions, they are probed without creating anything", async (t) => {
  const lab = await withRole(t);
  const url = await inFrontOf(t, () => lab, unreadableRights);
  const before = (await lab.api("GET", "/managed/blueprints/")).json["pagination"];
  assert.deepEqual(await check(url), []);
  const tried = NEEDED_RIGHTS.filter(
    ({ right, optional }) => optional !== true && right !== "authentik_core.view_token",
  );
  for (const { right } of tried) {
    await change(lab, "unassign", right);
    await assert.rejects(check(url), coded("AUTHENTIK_RIGHTS_MISSING", new RegExp(`lacks: ${right} \\([^,]*\\)\\. `)));
    await change(lab, "assign", right);
  }
  for (const { right } of NEEDED_RIGHTS.filter(
    ({ right, optional }) => optional === true && right.includes(".view_"),
  )) {
    await change(lab, "unassign", right);
    assert.match((await check(url)).join(), new RegExp(`lacks optional permissions in Authentik: ${right} `));
    await change(lab, "assign", right);
  }
  assert.deepEqual((await lab.api("GET", "/managed/blueprints/")).json["pagination"], before);
});

test("warns about a token with excess permissions, such as an administrator's", async (t) => {
  const lab = await withRole(t);
  assert.match(
    (await check(lab.server.url, "env:SIGN_IN_TEST_TOKEN")).join(),
    /which is akadmin's, is an administrator's: it has every permission in Authentik, but the program needs only 17\. docs\/reference\/authentik-role\.yaml/,
  );
  await change(lab, "assign", "authentik_core.delete_user", "authentik_rbac.access_admin_interface");
  assert.match(
    (await check(lab.server.url)).join(),
    /has more permissions in Authentik than the program needs: authentik_core\.delete_user, authentik_rbac\.access_admin_interface\./,
  );
});

test("a token that Authentik does not know is reported as invalid", async (t) => {
  const lab = await authentik(t);
  process.env["RIGHTS_TEST_TOKEN"] = "no-such-token";
  await assert.rejects(
    check(lab.server.url),
    coded(
      "AUTHENTIK_TOKEN_REFUSED",
      /rejects the token of authentik\.token \(env:RIGHTS_TEST_TOKEN\)\. Create a new API token/,
    ),
  );
});

test("a list of several pages is read to its end", async (t) => {
  const lab = await withRole(t);
  const client = new Authentik({ authentikUrl: lab.server.url, authentikToken: TOKEN }, SIGNAL);
  const names = Array.from({ length: 120 }, (_, index) => `page ${String(index).padStart(3, "0")}`);
  for (const name of names)
    assert.equal(
      (await lab.api("POST", "/managed/blueprints/", { name, content: "version: 1\nentries: []\n", enabled: false }))
        .status,
      201,
    );
  const found = await client.blueprintsNamed("page ");
  assert.deepEqual(found.map(({ name }) => name).sort(), names);
});

test("a permission lost since the check is reported by the request that needs it", async (t) => {
  const lab = await withRole(t);
  const client = new Authentik({ authentikUrl: lab.server.url, authentikToken: TOKEN }, SIGNAL);
  await change(lab, "unassign", ...NAMES);
  const requests: readonly (readonly [request: () => Promise<unknown>, right: string])[] = [
    [async () => client.blueprint("custom/zot.yaml"), "authentik_blueprints.view_blueprintinstance"],
    [async () => client.user("zot-ci"), "authentik_core.view_user"],
    [async () => client.tokenKey("zot-ci-app-password"), "authentik_core.view_token_key"],
    [async () => client.application("zot"), "authentik_core.view_application"],
    [async () => client.bindings("any"), "authentik_policies.view_policybinding"],
    [async () => client.oauth2ProviderOf("zot"), "authentik_providers_oauth2.view_oauth2provider"],
  ];
  for (const [request, right] of requests) {
    await assert.rejects(
      request(),
      coded(
        "AUTHENTIK_RIGHT_MISSING",
        new RegExp(`Grant its role the permission ${right}: docs/reference/authentik-role\\.yaml`),
      ),
    );
  }
});

test("permissions of the same name that a blueprint also grants do not count as excess", () => {
  const granted = [...NAMES, "authentik_enterprise.view_user"];
  assert.deepEqual(judgeRights({ superuser: false, granted, tried: {} }).surplus, []);
});
