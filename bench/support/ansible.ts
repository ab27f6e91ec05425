import { spawnSync } from "node:child_process";
import { copyFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { EngineLab } from "../../tests/engine/support/harness.ts";
import { at, list, string } from "../../core/json.ts";
import { itemOf } from "../../lab/homelab/layout.ts";
import { mainAccount } from "../../settings/accounts/accounts.ts";
import { timed } from "./command.ts";
import type { Timed } from "./command.ts";

const PLAYBOOK = resolve(import.meta.dirname, "../ansible/playbook.yaml");

/** The version of Ansible on PATH; `undefined` without one. */
export function ansibleVersion(): string | undefined {
  const { status, stdout } = spawnSync("ansible-playbook", ["--version"], { encoding: "utf8" });
  return status === 0 ? /core ([\d.]+)/.exec(stdout)?.[1] : undefined;
}

/** Two of the eight steps, as the real case's roles do them, on a lab that this program has set up: nothing differs but the secrets, which Ansible always writes. */
export class Ansible {
  readonly #lab: EngineLab;
  readonly #shared: Readonly<Record<string, string>>;

  private constructor(lab: EngineLab, shared: Readonly<Record<string, string>>) {
    this.#lab = lab;
    this.#shared = shared;
  }

  static async on(lab: EngineLab): Promise<Ansible> {
    const { settings } = lab.layout;
    const { configFile, credentialsFile } = settings.registry;
    const store = mainAccount(settings).keyStores[0];
    const sources = {
      config_source: join(lab.directory, "config"),
      credentials_source: join(lab.directory, "credentials"),
    };
    copyFileSync(configFile, sources.config_source);
    copyFileSync(credentialsFile, sources.credentials_source);
    return new Ansible(lab, {
      ...sources,
      ansible_python_interpreter: "{{ ansible_playbook_python }}",
      config_file: configFile,
      credentials_file: credentialsFile,
      restart: settings.registry.restartCommand ?? "true",
      connect_item: await itemUrl(lab),
      connect_token: lab.secrets.connect,
      field: itemOf(store).field,
      forgejo: settings.forgejo.url,
      forgejo_token: lab.secrets.forgejo,
    });
  }

  async run(repositories: readonly string[], mode: "check" | "apply"): Promise<Timed> {
    const variables = join(this.#lab.directory, "ansible.json");
    writeFileSync(variables, JSON.stringify({ ...this.#shared, repositories }), { mode: 0o600 });
    const args = ["--inventory", "localhost,", "--extra-vars", `@${variables}`, PLAYBOOK];
    const result = await timed("ansible-playbook", mode === "check" ? ["--check", "--diff", ...args] : args, {
      env: { ...process.env, ANSIBLE_LOCALHOST_WARNING: "false" },
    });
    // A changed config would restart zot, which `up` does not do either in what it is compared with.
    if (result.output.includes("RUNNING HANDLER")) throw new Error(`Ansible changed zot's files:\n${result.output}`);
    return result;
  }
}

/** The item of the key in 1Password Connect. */
async function itemUrl({ layout: { settings }, secrets }: EngineLab): Promise<string> {
  const { vault, item } = itemOf(mainAccount(settings).keyStores[0]);
  const base = `${settings.onePassword.connectUrl ?? ""}/v1/vaults`;
  const idIn = async (url: string, key: string, name: string): Promise<string> => {
    const answer = await fetch(url, { headers: { authorization: `Bearer ${secrets.connect}` } });
    const found = list(await answer.json()).find((entry) => at(entry, key) === name);
    return string(at(found, "id"));
  };
  const inVault = `${base}/${await idIn(base, "name", vault)}/items`;
  return `${inVault}/${await idIn(inVault, "title", item)}`;
}
