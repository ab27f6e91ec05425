import { generationOf, rfc3339 } from "../../domain/rotation.ts";
import type { SecretReference } from "../../domain/secretReference.ts";
import { keyWorks, listKeys, revokeKey } from "../clients/zot.ts";
import type { ApiKeyInfo, ZotCredentials } from "../clients/zot.ts";
import { findSecret, resolveSecret } from "../configuration.ts";
import type { Context, Observed, Resource } from "../resource.ts";

/**
 * The account's API keys that nobody declared. Any key can make more keys that never expire, so one that is not ours is worth a look: it may
 * be somebody's from the time before, or what the thief of a key made.
 */
export interface UnknownKeysInputs {
  readonly registryUrl: string;
  readonly username: string;
  /** Where the key in force is: it may list and revoke the account's other keys. */
  readonly source: SecretReference;
  /** The first part of our own keys' labels. */
  readonly owner: string;
  /** `report`: they are told. `revoke`: they are told once, and go with the next `up`. */
  readonly policy: "report" | "revoke";
  /** What makes another look due: the key's fingerprint. */
  readonly proves: Readonly<Record<string, string>>;
}

/** A key that nobody declared, as zot lists it. */
export interface UnknownKey {
  readonly uuid: string;
  readonly label: string;
  /** RFC 3339; `expires` and `lastUsed` are empty for never. */
  readonly created: string;
  readonly expires: string;
  readonly lastUsed: string;
}

export interface UnknownKeysState extends UnknownKeysInputs, Observed {
  readonly unknown: readonly UnknownKey[];
}

/** Go's zero time: never. */
const NEVER = "0001-01-01T00:00:00Z";

export const unknownKeys: Resource<UnknownKeysInputs, UnknownKeysState> = {
  computed: ["unknown"],

  diff: ({ inputs, oldInputs, state }) => ({
    replace: (["registryUrl", "username"] as const).filter((key) => inputs[key] !== oldInputs[key]),
    due: inputs.policy === "revoke" && state.unknown.length > 0 ? ["unknown"] : [],
  }),

  async create(inputs, context) {
    // What is there at the first run was made by hand before: it is told, and nothing is revoked.
    const unknown = await look(inputs, await credentialsFor(inputs, context.signal), context.signal);
    for (const key of unknown) report(inputs, key, context);
    const id = `${inputs.username}@${new URL(inputs.registryUrl).host}`;
    return { id, state: { ...inputs, unknown, drift: "" } };
  },

  async read(state, context) {
    const key = await findSecret(state.source, context.signal);
    const { registryUrl, username } = state;
    // That the key is missing or refused is told by ApiKey.
    if (key === undefined || !(await keyWorks(registryUrl, username, key, context.signal))) return state;
    const unknown = await look(state, { kind: "key", username, key }, context.signal);
    for (const found of unknown) report(state, found, context);
    return { ...state, unknown, drift: "" };
  },

  async update(state, inputs, context) {
    const credentials = await credentialsFor(inputs, context.signal);
    const told = new Set(state.unknown.map(({ uuid }) => uuid));
    const left: UnknownKey[] = [];
    for (const key of await look(inputs, credentials, context.signal)) {
      if (inputs.policy === "revoke" && told.has(key.uuid)) {
        context.info(`revoking ${describe(key)}`);
        await revokeKey(inputs.registryUrl, credentials, key.uuid, context.signal);
      } else {
        report(inputs, key, context);
        left.push(key);
      }
    }
    return { ...inputs, unknown: left, drift: "" };
  },
};

async function credentialsFor({ source, username }: UnknownKeysInputs, signal: AbortSignal): Promise<ZotCredentials> {
  return { kind: "key", username, key: await resolveSecret(source, signal) };
}

/** The account's keys whose label is not one of ours, oldest first. */
async function look(
  { registryUrl, owner }: UnknownKeysInputs,
  credentials: ZotCredentials,
  signal: AbortSignal,
): Promise<readonly UnknownKey[]> {
  const keys = await listKeys(registryUrl, credentials, signal);
  return keys
    .filter(({ label }) => generationOf(owner, label) === undefined)
    .map(toUnknown)
    .sort((left, right) => left.created.localeCompare(right.created));
}

function toUnknown({ uuid, label, createdAt, expirationDate, lastUsed }: ApiKeyInfo): UnknownKey {
  const date = (text: string): string => (text === NEVER || text === "" ? "" : rfc3339(new Date(text)));
  return { uuid, label, created: date(createdAt), expires: date(expirationDate), lastUsed: date(lastUsed) };
}

function report({ username, policy }: UnknownKeysInputs, key: UnknownKey, context: Context): void {
  const next =
    policy === "revoke"
      ? "The next update revokes it; to keep it, set ci.unknownKeys: report."
      : "Where nobody needs it, set ci.unknownKeys: revoke.";
  context.warn(`${username} has a key that nobody declared: ${describe(key)}. ${next}`);
}

function describe({ uuid, label, created, expires, lastUsed }: UnknownKey): string {
  return `"${label}" (${uuid}, made ${created}, ${expires === "" ? "never expires" : `expires ${expires}`}, ${lastUsed === "" ? "never used" : `last used ${lastUsed}`})`;
}
