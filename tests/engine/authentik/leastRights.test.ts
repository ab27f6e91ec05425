import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { NEEDED_RIGHTS } from "../../../systems/authentik/rights/needed.ts";
import { EngineLab } from "../support/harness.ts";
import type { PulumiResult } from "../support/harness.ts";
import { Homelab } from "../support/homelab.ts";

// The token of docs/reference/authentik-role.yaml is sufficient for the whole life of a stack. The tests depend on their order.

const ROLE = readFileSync(new URL("../../../docs/reference/authentik-role.yaml", import.meta.url), "utf8");

const OPTIONAL = NEEDED_RIGHTS.filter(({ optional }) => optional === true).map(({ right }) => right);

let lab: EngineLab;
let homelab: Homelab;
let key = "";
let printed = "";

before(async () => {
  lab = await EngineLab.start();
  homelab = new Homelab(lab);
});
after(async () => lab.stop());

async function ask(path: string, method = "GET", body?: unknown): Promise<Readonly<Record<string, unknown>>> {
  const answer = await homelab.authentik(path, method, body);
  assert.ok(answer.status < 300, `${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  return (answer.body ?? {}) as Readonly<Record<string, unknown>>;
}

async function run(command: Promise<PulumiResult>): Promise<PulumiResult> {
  const result = await command;
  printed += result.output + JSON.stringify(result.events);
  return { ...result, output: result.output.replaceAll(/\s+/g, " ") };
}

/** Applies docs/reference/authentik-role.yaml as an administrator does, and returns the key that Authentik generated. */
async function applyRole(): Promise<string> {
  const made = await ask("/managed/blueprints/", "POST", {
    name: "zot-auth-role",
    content: ROLE,
    path: "",
    enabled: true,
  });
  await ask(`/managed/blueprints/${String(made["pk"])}/apply/`, "POST");
  for (;;) {
    const shown = await homelab.authentik("/core/tokens/zot-auth-api/view_key/");
    if (shown.status === 200) return (shown.body as { readonly key: string }).key;
    await delay(50);
  }
}

/** Assigns a permission to the role, or removes it. */
async function change(action: "assign" | "unassign", permission: string): Promise<void> {
  const { results } = await ask("/rbac/roles/?name=zot-auth");
  const { pk } = (results as [{ readonly pk: string }])[0];
  const method = action === "assign" ? "POST" : "PATCH";
  await ask(`/rbac/permissions/assigned_by_roles/${pk}/${action}/`, method, { permissions: [permission] });
}

function useToken(file: string, text: string): void {
  writeFileSync(join(lab.directory, file), text, { mode: 0o600 });
  lab.changeSettings((config) => {
    const token = `file:${join(lab.directory, file)}`;
    config["zot-auth:authentik"] = { ...(config["zot-auth:authentik"] as object), token };
  });
}

test("up without a required permission names it and changes nothing", async () => {
  key = await applyRole();
  useToken("role-token", key);
  await change("unassign", "authentik_core.view_token_key");
  const { code, output } = await run(lab.up());
  assert.notEqual(code, 0);
  assert.match(
    output,
    /The token of authentik\.token \(file:\S*role-token\), which is zot-auth's, has insufficient permissions/,
  );
  assert.match(output, /Its role lacks: authentik_core\.view_token_key \(to sign in with the app password\)\. /);
  assert.match(output, /Nothing was changed\./);
  assert.equal((await homelab.authentik("/core/applications/zot/")).status, 404);
});

test("the required permissions are sufficient for up and refresh, which report what they cannot compare", async () => {
  await change("assign", "authentik_core.view_token_key");
  for (const right of OPTIONAL) await change("unassign", right);
  const { code, output } = await run(lab.up());
  assert.equal(code, 0, output);
  for (const right of OPTIONAL) assert.match(output, new RegExp(`lacks optional permissions in Authentik: .*${right}`));
  assert.equal((await homelab.authentik("/core/applications/zot/")).status, 200);
  const refreshed = await run(lab.pulumi("refresh", "--yes", "--skip-preview", "--non-interactive"));
  assert.equal(refreshed.code, 0, refreshed.output);
});

test("an administrator's token works and causes a warning", async () => {
  useToken("admin-token", `${lab.secrets.authentik}-admin`);
  const { code, output } = await run(lab.up());
  assert.equal(code, 0, output);
  assert.match(
    output,
    /which is akadmin's, is an administrator's: .* docs\/reference\/authentik-role\.yaml creates a role/,
  );
});

test("with the role from the docs, up succeeds without a warning about permissions", async () => {
  for (const right of OPTIONAL) await change("assign", right);
  useToken("whole-role-token", key);
  const { code, output } = await run(lab.up());
  assert.equal(code, 0, output);
  assert.match(homelab.ciKey("homelab/apps") ?? "", /^zak_/);
  assert.doesNotMatch(output, /has more permissions in Authentik|is an administrator's|cannot clean up/);
});

test("refresh and preview work with the role's token", async () => {
  const { code, output } = await run(
    lab.pulumi("preview", "--refresh", "--expect-no-changes", "--diff", "--non-interactive"),
  );
  assert.equal(code, 0, output);
});

test("destroy works with the role's token", async () => {
  const { code, output } = await run(lab.pulumi("destroy", "--yes", "--skip-preview", "--non-interactive"));
  assert.equal(code, 0, output);
  assert.equal((await homelab.authentik("/core/applications/zot/")).status, 404);
  const { results } = await ask("/managed/blueprints/");
  const names = (results as readonly { readonly name: string }[]).map(({ name }) => name);
  assert.deepEqual(
    names.filter((name) => /removal/.test(name)),
    [],
    "no removal blueprint remains",
  );
});

test("the token was never printed", () => {
  assert.ok(key.length > 20 && !printed.includes(key));
});
