// The model's servers: the lab's zot, Authentik, Forgejo and 1Password Connect, in this process, with other people's things in them.
import { createHash, randomUUID } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { renderBlueprint } from "../../domain/blueprint.ts";
import { NEEDED_RIGHTS } from "../../domain/authentikRights.ts";
import { parseSettings } from "../../domain/settings/parse.ts";
import type { Settings } from "../../domain/settings/schema.ts";
import { parseZotVersion } from "../../domain/zot/version.ts";
import { renderZotConfig } from "../../domain/zot/config.ts";
import { defaultSeed, startAuthentik, withSeed } from "../../lab/authentik/server.ts";
import type { AuthentikState } from "../../lab/authentik/state.ts";
import { startForgejo } from "../../lab/forgejo/server.ts";
import type { Repository, State as ForgejoState } from "../../lab/forgejo/state.ts";
import type { Item } from "../../lab/onepassword/items.ts";
import type { State as ConnectState } from "../../lab/onepassword/seed.ts";
import { startConnect } from "../../lab/onepassword/server.ts";
import type { RunningServer } from "../../lab/shared/listen.ts";
import { startZot } from "../../lab/zot/server.ts";
import type { ApiKey } from "../../lab/zot/users.ts";
import { configure } from "../../provider/configuration.ts";
import { freePort } from "../freePorts.ts";
import { forget, knowledgeOf } from "./memory.ts";

/** Tokens as the settings name them. */
const TOKENS = {
  MODEL_AUTHENTIK: "authentik-token-of-the-model",
  MODEL_FORGEJO: "f".repeat(40),
  MODEL_CONNECT: "connect.token.of.the.model",
  MODEL_CLIENT_SECRET: "client-secret-of-the-model-32-characters",
  MODEL_OTHER: "other-secret-of-the-model",
};

export const REPOSITORIES = ["own/one", "own/two", "own/three"] as const;
export const OTHERS = { SOMEBODYS: "not ours" };
/** Where Linux has a file system that is no disk. */
const MEMORY = "/dev/shm";
/** Milliseconds until Authentik's worker does what it was asked. */
const WORKER_DELAY = 10;
const NEVER = "0001-01-01T00:00:00Z";

interface Servers {
  readonly authentik: RunningServer;
  readonly forgejo: RunningServer;
  readonly connect: RunningServer;
  readonly zot: RunningServer;
}

/** A key in zot: what its database knows of it. */
export interface HeldKey {
  readonly hash: string;
  readonly label: string;
}

export class Homelab {
  readonly #folder: string;
  readonly #servers: Servers;
  readonly #port: number;
  /** Every secret that ever was: none of them may be said. */
  readonly secrets = new Set<string>(Object.values(TOKENS));

  private constructor(folder: string, servers: Servers, port: number) {
    this.#folder = folder;
    this.#servers = servers;
    this.#port = port;
  }

  static async start(): Promise<Homelab> {
    Object.assign(process.env, TOKENS);
    const folder = mkdtempSync(join(existsSync(MEMORY) ? MEMORY : tmpdir(), "zot-auth-model-"));
    const blueprintsDirectory = join(folder, "blueprints");
    mkdirSync(blueprintsDirectory);
    const port = await freePort();
    const authentik = await startAuthentik({
      data: join(folder, "authentik"),
      blueprintsDirectory,
      environment: { AUTHENTIK_ZOT_CLIENT_SECRET: TOKENS.MODEL_CLIENT_SECRET },
      serverEnvironment: { AUTHENTIK_ZOT_CLIENT_SECRET: TOKENS.MODEL_CLIENT_SECRET },
      workerDelayMs: WORKER_DELAY,
      seed: withSeed(defaultSeed(), {
        groups: [{ name: "admins" }, { name: "people" }],
        users: [{ username: "program", type: "service_account" }],
        tokens: [
          {
            identifier: "program",
            user: "program",
            intent: "api",
            key: TOKENS.MODEL_AUTHENTIK,
            permissions: NEEDED_RIGHTS.map(({ right }) => right),
          },
        ],
      }),
    });
    const [forgejo, connect] = await Promise.all([
      startForgejo({
        port: 0,
        data: join(folder, "forgejo"),
        runner: null,
        seed: {
          users: [{ login: "own" }],
          tokens: [{ token: TOKENS.MODEL_FORGEJO, user: "own", scopes: ["write:repository"] }],
          repositories: REPOSITORIES.map((full) => ({
            owner: "own",
            name: full.slice("own/".length),
            private: true,
            files: {},
            secrets: OTHERS,
            variables: OTHERS,
          })),
        },
      }),
      startConnect({
        port: 0,
        data: join(folder, "onepassword"),
        seed: {
          vaults: [
            {
              name: "homelab",
              items: [
                { title: "CI", fields: [{ label: "other", value: OTHERS.SOMEBODYS }] },
                { title: "zot", fields: [{ label: "client-secret", value: TOKENS.MODEL_CLIENT_SECRET }] },
              ],
            },
          ],
          tokens: [{ token: TOKENS.MODEL_CONNECT, vaults: { homelab: "write" } }],
        },
      }),
    ]);
    const servers = { authentik, forgejo, connect };
    const settings = settingsOf(servers, port);
    // What comes before the key's life: somebody may sign in, and zot is hardened. tests/host and tests/engine see to that.
    writeFileSync(join(blueprintsDirectory, "zot.yaml"), renderBlueprint(settings));
    await discovered(settings);
    const zot = await startHardenedZot(folder, settings);
    rmSync(join(blueprintsDirectory, "zot.yaml"));
    configure({ connectUrl: connect.url, connectToken: "env:MODEL_CONNECT" });
    return new Homelab(folder, { ...servers, zot }, port);
  }

  /** The settings, with something changed. */
  settings(change: Partial<Record<"access" | "ci" | "forgejo", object>> = {}): Settings {
    return settingsOf(this.#servers, this.#port, change);
  }

  /** The account's keys in zot that it would take. */
  keys(): readonly HeldKey[] {
    return Object.entries(this.#apiKeys())
      .filter(([, { expirationDate }]) => expirationDate === NEVER || Date.parse(expirationDate) > Date.now())
      .map(([hash, { label }]) => ({ hash, label }));
  }

  /** Whether zot takes the key. */
  accepts(key: string): boolean {
    const hash = createHash("sha256").update(key.replace(/^zak_/, "")).digest("hex");
    return this.keys().some((held) => held.hash === hash);
  }

  /** What a repository's workflows have. */
  held(target: string): {
    readonly secrets: Readonly<Record<string, string>>;
    readonly variables: Readonly<Record<string, string>>;
  } {
    const { secrets, variables } = this.#repository(target);
    const valuesOf = (entries: readonly { readonly name: string; readonly value: string }[]) =>
      Object.fromEntries(entries.map(({ name, value }) => [name, value]));
    return { secrets: valuesOf(secrets), variables: valuesOf(variables) };
  }

  /** The fields of the item with the key. */
  stored(): Readonly<Record<string, string>> {
    return Object.fromEntries((this.#item().fields ?? []).map(({ label, value }) => [label ?? "", value ?? ""]));
  }

  /** Ends when the servers have done what they were asked to do later. */
  async settled(): Promise<void> {
    await new Promise((done) => setTimeout(done, 3 * WORKER_DELAY));
  }

  /** What Authentik has that our blueprint makes: names, and the groups that may sign in. */
  authentik(): Readonly<Record<"applications" | "groups" | "users" | "tokens" | "blueprints", readonly string[]>> {
    const { rows } = this.#read("authentik/authentik.json") as AuthentikState;
    const all = (model: string, field: string): readonly string[] =>
      (rows[model] ?? []).map((row) => row[field] as string).sort();
    const named = new Map((rows["authentik_core.group"] ?? []).map(({ pk, name }) => [pk, name as string]));
    const targets = new Set((rows["authentik_core.application"] ?? []).map(({ pk }) => pk));
    const bound = (rows["authentik_policies.policybinding"] ?? [])
      .filter(({ target }) => targets.has(target as string))
      .map(({ group }) => named.get(group as string) ?? "");
    return {
      applications: all("authentik_core.application", "slug"),
      groups: bound.filter((name) => name !== "").sort(),
      users: all("authentik_core.user", "username"),
      tokens: all("authentik_core.token", "identifier"),
      blueprints: all("authentik_blueprints.blueprintinstance", "name"),
    };
  }

  // What people do by hand.

  dropSecret(target: string, name: string): void {
    const repository = this.#repository(target);
    repository.secrets = repository.secrets.filter((secret) => secret.name !== name);
  }

  dropVariable(target: string, name: string): void {
    const repository = this.#repository(target);
    repository.variables = repository.variables.filter((variable) => variable.name !== name);
  }

  /** Writes another value into the field of the key; an empty one empties it. */
  fillField(value: string): void {
    const item = this.#item();
    const others = (item.fields ?? []).filter(({ label }) => label !== "zot-ci-api");
    const [field = { id: "by-hand", label: "zot-ci-api", type: "CONCEALED" }] = (item.fields ?? []).filter(
      ({ label }) => label === "zot-ci-api",
    );
    item.fields = [...others, { ...field, value }];
  }

  addKey(label: string): void {
    this.#apiKeys()[randomUUID()] = keyByHand(label);
  }

  dropKeys(which: (key: { readonly label: string }) => boolean): void {
    const keys = this.#apiKeys();
    for (const [hash, key] of Object.entries(keys)) if (which(key)) Reflect.deleteProperty(keys, hash);
  }

  #apiKeys(): Record<string, ApiKey> {
    const { users } = this.#read("zot/_lab/meta.json") as {
      users: Record<string, { apiKeys: Record<string, ApiKey> }>;
    };
    return users["zot-ci"]?.apiKeys ?? {};
  }

  #repository(target: string): Repository {
    const { repositories } = this.#read("forgejo/forgejo.json") as ForgejoState;
    const found = repositories.find(({ name }) => `own/${name}` === target);
    if (found === undefined) throw new Error(`the model has no repository ${target}`);
    return found;
  }

  #item(): Item {
    const found = (this.#read("onepassword/onepassword.json") as ConnectState).vaults[0]?.items.find(
      ({ title }) => title === "CI",
    );
    if (found === undefined) throw new Error("the model's 1Password has no item CI");
    return found;
  }

  #read(file: string): unknown {
    return knowledgeOf(join(this.#folder, file));
  }

  async stop(): Promise<void> {
    await Promise.all(Object.values(this.#servers).map(async (server: RunningServer) => server.close()));
    rmSync(this.#folder, { recursive: true });
    forget(this.#folder);
  }
}

function settingsOf(
  { authentik, forgejo, connect }: Omit<Servers, "zot">,
  port: number,
  change: Partial<Record<"access" | "ci" | "forgejo", object>> = {},
): Settings {
  return parseSettings({
    registry: {
      url: `http://127.0.0.1:${port}`,
      configFile: "/nowhere/config.json",
      credentialsFile: "/nowhere/credentials.json",
      dataDirectory: "/nowhere/data",
      address: "127.0.0.1",
      port,
      restartCommand: "true",
    },
    authentik: {
      url: authentik.url,
      token: "env:MODEL_AUTHENTIK",
      clientSecret: "op://homelab/zot/client-secret",
      delivery: "api",
    },
    access: { ...change.access },
    ci: { keyStore: "op://homelab/CI/zot-ci-api", imagePrefix: "own", ...change.ci },
    forgejo: {
      url: forgejo.url,
      token: "env:MODEL_FORGEJO",
      repositories: REPOSITORIES.slice(0, 2),
      secrets: [{ name: "OTHER", source: "env:MODEL_OTHER", repositories: ["own/one"] }],
      ...change.forgejo,
    },
    onePassword: { connectUrl: connect.url, connectToken: "env:MODEL_CONNECT" },
  });
}

async function discovered({ authentik }: Settings): Promise<void> {
  for (let tries = 0; tries < 500; tries += 1) {
    const answer = await fetch(
      `${authentik.url}/application/o/${authentik.application}/.well-known/openid-configuration`,
    );
    await answer.body?.cancel();
    if (answer.ok) return;
    await new Promise((done) => setTimeout(done, 10));
  }
  throw new Error("the model's Authentik did not apply the blueprint");
}

async function startHardenedZot(folder: string, settings: Settings): Promise<RunningServer> {
  const credentialsFile = join(folder, "credentials.json");
  const version = parseZotVersion("v2.1.20");
  if (version === undefined) throw new TypeError("v2.1.20");
  writeFileSync(
    credentialsFile,
    JSON.stringify({ clientid: settings.authentik.clientId, clientsecret: TOKENS.MODEL_CLIENT_SECRET }),
    { mode: 0o600 },
  );
  const dataDirectory = join(folder, "zot");
  mkdirSync(join(dataDirectory, "_lab"), { recursive: true });
  writeFileSync(
    join(dataDirectory, "_lab", "meta.json"),
    JSON.stringify({ users: { "zot-ci": { groups: [], apiKeys: { "0": keyByHand("by hand") } } } }),
  );
  const configFile = join(folder, "config.json");
  writeFileSync(configFile, JSON.stringify(renderZotConfig(settings, version, { credentialsFile, dataDirectory })));
  return startZot({ config: configFile });
}

/** A key from the time before, or one that somebody made with another. */
function keyByHand(label: string): ApiKey {
  return {
    label,
    uuid: randomUUID(),
    createdAt: "2026-01-01T00:00:00Z",
    expirationDate: NEVER,
    isExpired: false,
    creatorUa: "curl",
    generatedBy: "manual",
    lastUsed: NEVER,
    scopes: null,
  };
}
