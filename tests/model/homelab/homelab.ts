// The model's homelab as an all-seeing observer sees it, and what people change there by hand.
import { randomUUID } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Settings } from "../../../settings/schema.ts";
import type { AuthentikState } from "../../../lab/authentik/models/state.ts";
import type { Repository, State as ForgejoState } from "../../../lab/forgejo/state.ts";
import type { Item } from "../../../lab/onePassword/items.ts";
import type { State as ConnectState } from "../../../lab/onePassword/seed.ts";
import type { ApiKey } from "../../../lab/zot/access/users.ts";
import { startZot } from "../../../lab/zot/server/server.ts";
import { temporaryPlace } from "../../support/temporaryPlace.ts";
import { createdIn } from "./createdObjects.ts";
import type { CreatedObjects } from "./createdObjects.ts";
import { forget, knowledgeOf } from "./memory.ts";
import {
  TOKENS,
  WORKER_DELAY,
  keyByHand,
  deployZotConfig,
  rawSettings,
  settingsOf,
  startAnotherZot,
  startServers,
  DEFAULT_ZOT,
} from "./servers.ts";
import type { Change, RawSettings, Releases, Servers } from "./servers.ts";
import { hashOf, isValid, keysOf, usersIn } from "./zotKeys.ts";
import type { HeldKey, KeyOfUser, Users } from "./zotKeys.ts";

export interface AnotherZot {
  /** Every key that it has. */
  readonly keys: () => readonly KeyOfUser[];
  readonly stop: () => Promise<void>;
}

export class Homelab {
  readonly folder: string;
  #servers: Servers;
  /** The folder with zot's keys. */
  #zotData: string;
  /** The config file with which zot started, and its content then. */
  #zotConfig: { readonly file: string; readonly content: string };
  /** Every secret that ever existed; none may appear in output. */
  readonly secrets = new Set<string>(Object.values(TOKENS));

  readonly #releases: Releases;

  private constructor(folder: string, servers: Servers, releases: Releases) {
    this.folder = folder;
    this.#releases = releases;
    this.#servers = servers;
    this.#zotData = join(folder, "zot");
    this.#zotConfig = startedWith(join(folder, "config.json"));
  }

  static async start(releases: Releases = {}): Promise<Homelab> {
    const folder = mkdtempSync(join(temporaryPlace(), "zot-auth-model-"));
    return new Homelab(folder, await startServers(folder, releases), releases);
  }

  /** The settings, with overrides. */
  settings(change: Change = {}): Settings {
    return settingsOf(this.#servers, change);
  }

  /** The settings as a person writes them. */
  raw(): RawSettings {
    return rawSettings(this.#servers);
  }

  /** Deploys zot's config, which the model's program leaves out. */
  async deployZot(settings: Settings): Promise<void> {
    deployZotConfig(this.folder, settings, this.#releases.zot);
    // zot reloads it.
    await new Promise((done) => setTimeout(done, 200));
  }

  /** The release of zot, such as `2.1.20`. */
  get zotVersion(): string {
    return (this.#releases.zot ?? DEFAULT_ZOT).slice(1);
  }

  get zotConfig(): string {
    return this.#zotConfig.file;
  }

  /** Restarts zot, unless it started with this config file, as it is now. */
  async runZotWith(config: string): Promise<void> {
    const { file, content } = this.#zotConfig;
    if (file !== config || content !== readFileSync(config, "utf8")) await this.restartZot(config);
  }

  /** Restarts zot with this config file. */
  async restartZot(config: string): Promise<void> {
    const { storage } = JSON.parse(readFileSync(config, "utf8")) as {
      readonly storage: { readonly rootDirectory: string };
    };
    this.#zotData = storage.rootDirectory;
    this.#zotConfig = { file: config, content: "" };
    await this.#servers.zot.close();
    const { zot: version } = this.#releases;
    this.#servers = {
      ...this.#servers,
      zot: await startZot({ config, ...(version === undefined ? {} : { version }) }).catch((error: unknown) => {
        // Nothing to close the next time.
        this.#servers = { ...this.#servers, zot: { url: "", close: async () => Promise.resolve() } };
        throw error;
      }),
    };
    this.#zotConfig = startedWith(config);
  }

  /** Starts another zot, with the same client at Authentik, at the address of these settings. */
  async startAnotherZot(settings: Settings): Promise<AnotherZot> {
    const folder = join(this.folder, "another");
    const server = await startAnotherZot(folder, settings);
    const users = (): Users => usersIn(join(folder, "zot"));
    return {
      keys: () => keysOf(users()),
      stop: async () => server.close(),
    };
  }

  /** All objects of Authentik, by model. */
  authentikRows(): AuthentikState["rows"] {
    return (this.#read("authentik/authentik.json") as AuthentikState).rows;
  }

  /** The account's keys that zot would accept. */
  keys(): readonly HeldKey[] {
    return Object.entries(this.#apiKeys())
      .filter(([, key]) => isValid(key))
      .map(([hash, { label }]) => ({ hash, label }));
  }

  /** Whether zot accepts the key. */
  accepts(key: string): boolean {
    const hash = hashOf(key);
    return this.keys().some((held) => held.hash === hash);
  }

  /** The values that a repository's workflows get. */
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

  /** Resolves when the servers have finished their background work. */
  async settled(): Promise<void> {
    await new Promise((done) => setTimeout(done, 3 * WORKER_DELAY));
  }

  /** What our blueprint created in Authentik: names, and the groups that may sign in. */
  authentik(): CreatedObjects {
    return createdIn(this.authentikRows());
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

  /** Writes another value into a field of the key's item; an empty one empties it. */
  fillField(value: string, name = "zot-ci-api"): void {
    const item = this.#item();
    const others = (item.fields ?? []).filter(({ label }) => label !== name);
    const [field = { id: "by-hand", label: name, type: "CONCEALED" }] = (item.fields ?? []).filter(
      ({ label }) => label === name,
    );
    item.fields = [...others, { ...field, value }];
  }

  /** Gives Authentik's worker another client secret, as somebody does who restarts it with another environment. */
  changeWorkersClientSecret(value: string): void {
    this.#servers.environment["AUTHENTIK_ZOT_CLIENT_SECRET"] = value;
    this.secrets.add(value);
  }

  /** Creates a service account in Authentik that is none of ours. */
  createAccount(username: string, name: string): void {
    const users = this.authentikRows()["authentik_core.user"] ?? [];
    const [like] = users;
    const pk = Math.max(...users.map((user) => Number(user.pk))) + 1000;
    users.push({
      ...structuredClone(like),
      pk,
      uuid: randomUUID(),
      username,
      name,
      type: "service_account",
      groups: [],
    });
  }

  /** What an account is called in Authentik; `undefined` if there is none. */
  accountName(username: string): string | undefined {
    const users = this.authentikRows()["authentik_core.user"] ?? [];
    return users.find((user) => user["username"] === username)?.["name"] as string | undefined;
  }

  /** Deletes an account in Authentik, with its tokens. */
  dropAccount(username: string): void {
    const rows = this.authentikRows();
    const { pk } = rows["authentik_core.user"]?.find((user) => user["username"] === username) ?? {};
    for (const [model, field] of [
      ["authentik_core.user", "pk"],
      ["authentik_core.token", "user"],
    ] as const)
      rows[model] = (rows[model] ?? []).filter((row) => row[field] !== pk);
  }

  /** Changes fields of the OAuth2 provider in Authentik. */
  changeProvider(fields: Readonly<Record<string, string>>): void {
    const { rows } = this.#read("authentik/authentik.json") as AuthentikState;
    Object.assign(rows["authentik_providers_oauth2.oauth2provider"]?.[0] ?? {}, fields);
  }

  /** Writes another client secret into 1Password. */
  storeClientSecret(value: string): void {
    for (const field of this.#item("zot").fields ?? []) if (field.label === "client-secret") field.value = value;
    this.secrets.add(value);
  }

  /** Changes the other field of the key's item, without a new version: as a store that damages what it writes. */
  damageItem(): void {
    const item = this.#item();
    item.fields = (item.fields ?? []).map((field) =>
      field.label === "other" ? { ...field, value: "damaged" } : field,
    );
  }

  /** Whether the program's token may write into 1Password's vaults. */
  letWrite(may: boolean): void {
    for (const token of (this.#read("onepassword/onepassword.json") as ConnectState).tokens) {
      const rights = Object.keys(token.rights).map((vault) => [vault, may ? "write" : "read"] as const);
      Object.assign(token, { rights: Object.fromEntries(rights) });
    }
  }

  /** @returns the key */
  addKey(label: string): string {
    const key = randomUUID().replaceAll("-", "");
    this.#apiKeys()[hashOf(key)] = keyByHand(label);
    return `zak_${key}`;
  }

  /** Gives somebody an account at zot, with an API key. */
  addAccount(username: string, groups: readonly string[], key: string): void {
    Object.assign(this.#users(), { [username]: { groups, apiKeys: { [hashOf(key)]: keyByHand("by hand") } } });
  }

  /** Writes a secret for a repository's workflows. */
  storeSecret(target: string, name: string, value: string): void {
    const { secrets } = this.#repository(target);
    secrets.push({ name, value, createdAt: new Date().toISOString() });
  }

  dropKeys(which: (key: { readonly label: string }) => boolean): void {
    const keys = this.#apiKeys();
    for (const [hash, key] of Object.entries(keys)) if (which(key)) Reflect.deleteProperty(keys, hash);
  }

  /** Every key that zot has, of whichever account, expired ones too. */
  allKeys(): readonly KeyOfUser[] {
    return keysOf(this.#users());
  }

  /** The account whose key it is, if zot takes it. */
  keyOwner(key: string): string | undefined {
    const hash = hashOf(key);
    const [user] = Object.entries(this.#users()).find(([, { apiKeys }]) => isValid(apiKeys[hash])) ?? [];
    return user;
  }

  #apiKeys(): Record<string, ApiKey> {
    return this.#users()["zot-ci"]?.apiKeys ?? {};
  }

  #users(): Users {
    return usersIn(this.#zotData);
  }

  #repository(target: string): Repository {
    const { repositories } = this.#read("forgejo/forgejo.json") as ForgejoState;
    const found = repositories.find(({ name }) => `own/${name}` === target);
    if (found === undefined) throw new Error(`the model has no repository ${target}`);
    return found;
  }

  #item(called = "CI"): Item {
    const found = (this.#read("onepassword/onepassword.json") as ConnectState).vaults[0]?.items.find(
      ({ title }) => title === called,
    );
    if (found === undefined) throw new Error(`the model's 1Password has no item ${called}`);
    return found;
  }

  #read(file: string): unknown {
    return knowledgeOf(join(this.folder, file));
  }

  async stop(): Promise<void> {
    const { authentik, forgejo, connect, zot } = this.#servers;
    await Promise.all([authentik, forgejo, connect, zot].map(async (server) => server.close()));
    rmSync(this.folder, { recursive: true });
    forget(this.folder);
  }
}

function startedWith(file: string): { readonly file: string; readonly content: string } {
  return { file, content: readFileSync(file, "utf8") };
}
