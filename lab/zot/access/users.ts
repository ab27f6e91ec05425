// Stands in for zot: its user database, with groups as of the last sign-in and API keys by hash.
import { createHash, randomBytes, randomUUID } from "node:crypto";
import { join } from "node:path";
import { Store } from "../../shared/store.ts";

/** What zot returns about a key. The key itself is returned only on creation. */
export interface ApiKey {
  readonly createdAt: string;
  readonly expirationDate: string;
  readonly isExpired: boolean;
  readonly creatorUa: string;
  readonly generatedBy: string;
  lastUsed: string;
  readonly label: string;
  readonly scopes: readonly string[] | null;
  readonly uuid: string;
}

interface User {
  groups: string[];
  /** By the sha256 of the key. */
  readonly apiKeys: Record<string, ApiKey>;
}

interface Database {
  readonly users: Record<string, User>;
}

/** Go's zero time, which means "never". */
export const never = "0001-01-01T00:00:00Z";
const prefix = "zak_";

export class Users {
  readonly #store: Store<Database>;

  /** Opens the database under the storage's root directory. */
  constructor(rootDirectory: string) {
    this.#store = Store.open<Database>(join(rootDirectory, "_lab", "meta.json"), () => ({ users: {} }));
  }

  /** The user's groups at the last sign-in. Undefined if the user never signed in. */
  groups(name: string): readonly string[] | undefined {
    return this.#find(name)?.groups;
  }

  setGroups(name: string, groups: readonly string[]): void {
    const user = this.#find(name);
    if (user === undefined) this.#store.data.users[name] = { groups: [...groups], apiKeys: {} };
    else user.groups = [...groups];
    this.#store.save();
  }

  /** Whether the user has this key and it has not expired. Records the use. */
  useApiKey(name: string, secret: string): boolean {
    if (!secret.startsWith(prefix)) return false;
    const key = this.#find(name)?.apiKeys[hash(secret)];
    if (key === undefined) return false;
    if (key.expirationDate !== never && Date.parse(key.expirationDate) <= Date.now()) return false;
    key.lastUsed = now();
    this.#store.save();
    return true;
  }

  addApiKey(
    name: string,
    settings: Pick<ApiKey, "label" | "scopes" | "expirationDate" | "creatorUa">,
  ): ApiKey & { apiKey: string } {
    const apiKey = `${prefix}${randomBytes(16).toString("hex")}`;
    const key: ApiKey = {
      createdAt: now(),
      expirationDate: settings.expirationDate,
      isExpired: false,
      creatorUa: settings.creatorUa,
      generatedBy: "manual",
      lastUsed: never,
      label: settings.label,
      scopes: settings.scopes,
      uuid: randomUUID(),
    };
    const user = (this.#store.data.users[name] ??= { groups: [], apiKeys: {} });
    user.apiKeys[hash(apiKey)] = key;
    this.#store.save();
    return { ...key, apiKey };
  }

  /** The user's keys, in random order. */
  apiKeys(name: string): ApiKey[] {
    // zot iterates over a Go map, so the order changes between requests.
    return Object.values(this.#find(name)?.apiKeys ?? {})
      .map((key) => ({ key, order: Math.random() }))
      .sort((a, b) => a.order - b.order)
      .map(({ key }) => key);
  }

  /** Removes the key if it belongs to the user. */
  removeApiKey(name: string, uuid: string): void {
    const keys = this.#find(name)?.apiKeys ?? {};
    const found = Object.entries(keys).find(([, key]) => key.uuid === uuid)?.[0];
    if (found === undefined) return;
    Reflect.deleteProperty(keys, found);
    this.#store.save();
  }

  #find(name: string): User | undefined {
    return Object.hasOwn(this.#store.data.users, name) ? this.#store.data.users[name] : undefined;
  }
}

function hash(apiKey: string): string {
  return createHash("sha256").update(apiKey.slice(prefix.length)).digest("hex");
}

/** The current time with nanoseconds, as Go formats it. */
function now(): string {
  const nanoseconds = process.hrtime.bigint() % 1_000_000n;
  return new Date().toISOString().replace("Z", `${String(nanoseconds).padStart(6, "0")}Z`);
}
