// Sets a registry up by hand on the lab's servers, as a person does: the blueprint in Git, zot's files, a key in 1Password and Forgejo.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parse, stringify } from "yaml";
import { Secret } from "../../../core/secrets/secret.ts";
import { itemOf, pathsOf } from "../../../lab/homelab/layout.ts";
import { signIn } from "../../../systems/authentik/session/machineSignIn.ts";
import { beginSignIn, finishSignIn } from "../../../systems/zot/signIn/zotSignIn.ts";
import { createKey } from "../../../systems/zot/client.ts";
import { handMadeBlueprint, handMadeConfig } from "../../support/handMade.ts";
import type { EngineLab } from "../support/harness.ts";
import type { Homelab } from "../support/homelab.ts";
import { mainAccount } from "../../../settings/accounts/accounts.ts";

/** @returns the key */
export async function setUpByHand(lab: EngineLab, homelab: Homelab): Promise<string> {
  const { settings } = lab.layout;
  changeGit(lab, (data) => ({ ...data, "zot.yaml": handMadeBlueprint(settings.registry.url) }));
  await syncGit(lab);
  await until("Authentik to apply the blueprint", async () => isApplied(homelab, "zot.yaml"));
  await deployZot(lab);
  const key = await keyOfCi(lab, homelab);
  await storeInOnePassword(lab, key);
  for (const repository of ["homelab/apps", "homelab/site"]) {
    const answer = await fetch(`${settings.forgejo.url}/api/v1/repos/${repository}/actions/secrets/ZOT_CI_API_KEY`, {
      method: "PUT",
      headers: { authorization: `token ${lab.secrets.forgejo}`, "content-type": "application/json" },
      body: JSON.stringify({ data: key }),
    });
    assert.ok(answer.ok, await answer.text());
  }
  return key;
}

/** Commits to the GitOps repository. */
export function changeGit(lab: EngineLab, change: (data: Record<string, string>) => Record<string, string>): void {
  const file = join(pathsOf(lab.layout).gitops, "blueprints.yaml");
  const manifest = parse(readFileSync(file, "utf8")) as { data: Record<string, string> };
  writeFileSync(file, stringify({ ...manifest, data: change(manifest.data) }));
}

/** Has Argo CD sync the last commit. */
export async function syncGit(lab: EngineLab): Promise<void> {
  const { argocd } = lab.layout.settings;
  const answer = await fetch(`${argocd?.url ?? ""}/api/v1/applications/${argocd?.application ?? ""}/sync`, {
    method: "POST",
    headers: { authorization: `Bearer ${lab.secrets.argocdAdmin}`, "content-type": "application/json" },
    body: "{}",
  });
  assert.ok(answer.ok, await answer.text());
}

async function isApplied(homelab: Homelab, file: string): Promise<boolean> {
  const { body } = await homelab.authentik(`/managed/blueprints/?path=custom%2F${file}`);
  const [instance] = (body as { results: { status: string }[] }).results;
  return instance?.status === "successful";
}

async function deployZot(lab: EngineLab): Promise<void> {
  const { registry, authentik } = lab.layout.settings;
  writeFileSync(
    registry.credentialsFile,
    JSON.stringify({ clientid: authentik.clientId, clientsecret: lab.secrets.clientSecret }),
    { mode: 0o600 },
  );
  const text = handMadeConfig({
    dataDirectory: registry.dataDirectory,
    port: registry.port,
    registryUrl: registry.url,
    credentialsFile: registry.credentialsFile,
    authentikUrl: authentik.url,
  });
  writeFileSync(registry.configFile, text);
  const restarted = spawnSync("sh", ["-c", registry.restartCommand ?? ""], { encoding: "utf8" });
  assert.equal(restarted.status, 0, restarted.stderr);
  await until("zot to serve", async () => {
    try {
      return (await fetch(`${registry.url}/readyz`)).ok;
    } catch {
      return false;
    }
  });
}

/** Signs in to the registry as CI's account, and makes a key there. A person would impersonate the account; here it has an app password for a moment. */
async function keyOfCi(lab: EngineLab, homelab: Homelab): Promise<string> {
  const { authentik, registry } = lab.layout.settings;
  const signal = AbortSignal.timeout(60_000);
  const ask = async (path: string, method = "GET", body?: unknown): Promise<Record<string, unknown>> => {
    const answer = await homelab.authentik(path, method, body);
    assert.ok(answer.status < 300, `${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return (answer.body ?? {}) as Record<string, unknown>;
  };
  const secondFactor = async (action: string): Promise<void> => {
    const content = `version: 1
metadata: { name: mfa-${action} }
entries:
  - model: authentik_stages_authenticator_validate.authenticatorvalidatestage
    identifiers: { name: default-authentication-mfa-validation }
    attrs: { not_configured_action: ${action} }
`;
    const made = await ask("/managed/blueprints/", "POST", { name: `mfa-${action}`, content, path: "", enabled: true });
    await ask(`/managed/blueprints/${String(made["pk"])}/apply/`, "POST");
    await until(`the second factor to be "${action}"`, async () => {
      const shown = await ask(`/managed/blueprints/${String(made["pk"])}/`);
      return shown["status"] === "successful";
    });
    await ask(`/managed/blueprints/${String(made["pk"])}/`, "DELETE");
  };
  const { results } = (await ask("/core/users/?username=zot-ci")) as { results: { pk: number }[] };
  const token = { identifier: "by-hand", intent: "app_password", user: results[0]?.pk };
  await ask("/core/tokens/", "POST", token);
  const appPassword = new Secret(String((await ask("/core/tokens/by-hand/view_key/"))["key"]));
  await secondFactor("skip");
  const account = {
    authentikUrl: authentik.url,
    flow: "default-authentication-flow",
    username: "zot-ci",
    appPassword,
  };
  const begun = await beginSignIn(registry.url, signal);
  const { credentials } = await finishSignIn(
    { registryUrl: registry.url },
    begun,
    await signIn(account, signal),
    signal,
  );
  const made = { label: "made by hand", expirationDate: "2099-01-01T00:00:00Z" };
  const { key } = await createKey(registry.url, credentials, made, signal);
  await ask("/core/tokens/by-hand/", "DELETE");
  await secondFactor("configure");
  return key.reveal();
}

async function storeInOnePassword(lab: EngineLab, key: string): Promise<void> {
  const { settings } = lab.layout;
  const { vault, item, field } = itemOf(mainAccount(settings).keyStores[0]);
  const ask = async (path: string, body?: unknown): Promise<unknown> => {
    const answer = await fetch(`${settings.onePassword.connectUrl ?? ""}${path}`, {
      headers: { authorization: `Bearer ${lab.secrets.connect}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { method: "PATCH", body: JSON.stringify(body) }),
    });
    assert.equal(answer.status, 200, await answer.clone().text());
    return answer.json();
  };
  const idOf = (found: unknown, by: string, value: string): string => {
    const one = (found as Record<string, string>[]).find((entry) => entry[by] === value);
    assert.ok(one?.["id"], value);
    return one["id"];
  };
  const vaults = await ask("/v1/vaults");
  const path = `/v1/vaults/${idOf(vaults, "name", vault)}/items`;
  const added = {
    op: "add",
    path: "/fields",
    value: { label: field, type: "CONCEALED", value: key, section: { id: "more" } },
  };
  await ask(`${path}/${idOf(await ask(path), "title", item)}`, [added]);
}

export async function until(what: string, condition: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 60_000;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`timed out waiting for ${what}`);
    await delay(20);
  }
}
