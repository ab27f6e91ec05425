import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { itemOf } from "../../../lab/homelab/layout.ts";
import type { EngineLab } from "./harness.ts";
import { mainAccount } from "../../../settings/accounts/accounts.ts";

/** Accesses a lab's servers through their APIs. Only the values of secrets come from Forgejo's own file. */
export class Homelab {
  readonly #lab: EngineLab;

  constructor(lab: EngineLab) {
    this.#lab = lab;
  }

  /** The key that a workflow of the repository gets; `undefined` if there is none. */
  ciKey(repository: string): string | undefined {
    const [owner, name] = repository.split("/");
    const state = JSON.parse(readFileSync(join(this.#lab.layout.directory, "forgejo", "forgejo.json"), "utf8")) as {
      owners: { id: number; login: string }[];
      repositories: { ownerId: number; name: string; secrets: { name: string; value: string }[] }[];
    };
    const ownerId = state.owners.find((candidate) => candidate.login === owner)?.id;
    const found = state.repositories.find((candidate) => candidate.ownerId === ownerId && candidate.name === name);
    assert.ok(found, `the lab's Forgejo has ${repository}`);
    return found.secrets.find((secret) => secret.name === mainAccount(this.#lab.layout.settings).secretName)?.value;
  }

  async forgejo(path: string, method = "GET"): Promise<unknown> {
    const headers = { authorization: `token ${this.#lab.secrets.forgejo}` };
    const answer = await fetch(`${this.#lab.layout.settings.forgejo.url}/api/v1${path}`, { method, headers });
    const text = await answer.text();
    return text === "" ? undefined : (JSON.parse(text) as unknown);
  }

  async secretNames(repository: string): Promise<readonly string[]> {
    const secrets = (await this.forgejo(`/repos/${repository}/actions/secrets`)) as { name: string }[];
    return secrets.map(({ name }) => name).sort();
  }

  async variableNames(repository: string): Promise<readonly string[]> {
    const variables = (await this.forgejo(`/repos/${repository}/actions/variables`)) as { name: string }[];
    return variables.map(({ name }) => name).sort();
  }

  /** The ConfigMap's data. */
  async blueprints(): Promise<Readonly<Record<string, string>>> {
    const answer = await fetch(this.#configMap(), {
      headers: { authorization: `Bearer ${this.#lab.secrets.kubernetes}` },
    });
    assert.equal(answer.status, 200);
    return ((await answer.json()) as { data: Record<string, string> }).data;
  }

  /** Makes a key of the ConfigMap one field manager's, and no longer another's. */
  async handOver(key: string, from: string, to: string): Promise<void> {
    const { namespace, configMap: name } = this.#lab.layout.settings.kubernetes;
    const object = { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace } };
    const { [key]: text = "" } = await this.blueprints();
    for (const [manager, applied] of [
      [to, { ...object, data: { [key]: text } }],
      [from, object],
    ] as const) {
      const answer = await fetch(`${this.#configMap()}?fieldManager=${encodeURIComponent(manager)}&force=true`, {
        method: "PATCH",
        headers: {
          authorization: `Bearer ${this.#lab.secrets.kubernetes}`,
          "content-type": "application/apply-patch+yaml",
        },
        body: JSON.stringify(applied),
      });
      assert.equal(answer.status, 200);
    }
  }

  #configMap(): string {
    const kubeconfig = parse(readFileSync(this.#lab.layout.settings.kubernetes.kubeconfig ?? "", "utf8")) as {
      clusters: { cluster: { server: string } }[];
    };
    const { namespace, configMap } = this.#lab.layout.settings.kubernetes;
    return `${kubeconfig.clusters[0]?.cluster.server ?? ""}/api/v1/namespaces/${namespace}/configmaps/${configMap}`;
  }

  /** An item's fields by label. */
  async fields(reference: "keyStore" | "clientSecret"): Promise<Readonly<Record<string, string>>> {
    const { settings } = this.#lab.layout;
    const { vault, item } = itemOf(
      reference === "keyStore" ? mainAccount(settings).keyStores[0] : settings.authentik.clientSecret,
    );
    const get = async (path: string): Promise<unknown> => {
      const answer = await fetch((settings.onePassword.connectUrl ?? "") + path, {
        headers: { authorization: `Bearer ${this.#lab.secrets.connect}` },
      });
      assert.equal(answer.status, 200, path);
      return answer.json();
    };
    const vaults = (await get("/v1/vaults")) as { id: string; name: string }[];
    const vaultId = vaults.find(({ name }) => name === vault)?.id ?? "";
    const items = (await get(`/v1/vaults/${vaultId}/items`)) as { id: string; title: string }[];
    const itemId = items.find(({ title }) => title === item)?.id ?? "";
    const found = (await get(`/v1/vaults/${vaultId}/items/${itemId}`)) as {
      fields: { label: string; value?: string }[];
    };
    return Object.fromEntries(found.fields.map(({ label, value }) => [label, value ?? ""]));
  }

  /** Sends a request to Authentik as an administrator. */
  async authentik(
    path: string,
    method = "GET",
    body?: unknown,
  ): Promise<{ readonly status: number; readonly body: unknown }> {
    const answer = await fetch(`${this.#lab.layout.settings.authentik.url}/api/v3${path}`, {
      method,
      headers: { authorization: `Bearer ${this.#lab.secrets.authentik}-admin`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return { status: answer.status, body: text === "" ? undefined : (JSON.parse(text) as unknown) };
  }

  /** Sends a request to the registry, with a key or anonymously. */
  async registry(
    path: string,
    options: {
      readonly method?: string;
      readonly key?: string;
      readonly body?: string | Uint8Array<ArrayBuffer>;
      readonly type?: string;
    } = {},
  ): Promise<Response> {
    const { method = "GET", key, body, type } = options;
    return fetch(this.#lab.layout.settings.registry.url + path, {
      method,
      headers: {
        ...(key === undefined ? {} : { authorization: `Basic ${Buffer.from(`zot-ci:${key}`).toString("base64")}` }),
        ...(type === undefined ? {} : { "content-type": type }),
      },
      ...(body === undefined ? {} : { body }),
    });
  }

  /** Labels of the account's keys that zot still accepts. */
  async keyLabels(key: string): Promise<readonly string[]> {
    const answer = await this.registry("/zot/auth/apikey", { key });
    assert.equal(answer.status, 200);
    const { apiKeys } = (await answer.json()) as { apiKeys: { label: string }[] };
    return apiKeys.map(({ label }) => label).sort();
  }

  /** Runs the real skopeo if it is installed, else the lab's. */
  async skopeo(...args: readonly string[]): Promise<{ readonly code: number | null; readonly output: string }> {
    const child = spawn(join(import.meta.dirname, "../../../lab/bin/skopeo"), [...args], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    const chunks: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => chunks.push(chunk));
    const code = await new Promise<number | null>((done) => child.once("close", done));
    return { code, output: Buffer.concat(chunks).toString("utf8") };
  }
}
