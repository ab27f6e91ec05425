import type { SecretReference } from "../../../core/secretReference.ts";
import { accountKeys, describe, report } from "./accountKeys.ts";
import type { UnknownKey } from "./accountKeys.ts";
import { keyWorks, revokeKey } from "../client.ts";
import type { ZotCredentials } from "../client.ts";
import { findSecret, resolveSecret } from "../../onePassword/resolver.ts";
import type { Observed, Resource } from "../../../provider/resource.ts";

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
  /** Those that this very `up` has told of. */
  readonly seen?: readonly UnknownKey[] | undefined;
}

export interface UnknownKeysState extends UnknownKeysInputs, Observed {
  readonly unknown: readonly UnknownKey[];
}

export const unknownKeys: Resource<UnknownKeysInputs, UnknownKeysState> = {
  computed: ["unknown"],
  observations: ["seen"],

  diff: ({ inputs, oldInputs, state }) => ({
    replace: (["registryUrl", "username"] as const).filter((key) => inputs[key] !== oldInputs[key]),
    due:
      (inputs.policy === "revoke" && state.unknown.length > 0) ||
      (inputs.seen !== undefined && !isSame(inputs.seen, state.unknown))
        ? ["unknown"]
        : [],
  }),

  async create({ seen = [], ...inputs }, context) {
    // What is there at the first run was made by hand before: it is told, and nothing is revoked.
    const { unknown } = await accountKeys(inputs, await credentialsFor(inputs, context.signal), context.signal);
    for (const key of unknown) if (!has(seen, key)) report(inputs, key, context);
    const id = `${inputs.username}@${new URL(inputs.registryUrl).host}`;
    return { id, state: { ...inputs, unknown, drift: "" } };
  },

  async read(state, context) {
    const key = await findSecret(state.source, context.signal);
    const { registryUrl, username } = state;
    // That the key is missing or refused is told by ApiKey.
    if (key === undefined || !(await keyWorks(registryUrl, username, key, context.signal))) return state;
    const { unknown } = await accountKeys(state, { kind: "key", username, key }, context.signal);
    for (const found of unknown) report(state, found, context);
    return { ...state, unknown, drift: "" };
  },

  async update(state, { seen = [], ...inputs }, context) {
    const credentials = await credentialsFor(inputs, context.signal);
    const { unknown } = await accountKeys(inputs, credentials, context.signal);
    const left: UnknownKey[] = [];
    for (const key of unknown) {
      if (inputs.policy === "revoke" && has(state.unknown, key)) {
        context.info(`revoking ${describe(key)}`);
        await revokeKey(inputs.registryUrl, credentials, key.uuid, context.signal);
      } else {
        if (!has(seen, key)) report(inputs, key, context);
        left.push(key);
      }
    }
    return { ...inputs, unknown: left, drift: "" };
  },
};

async function credentialsFor({ source, username }: UnknownKeysInputs, signal: AbortSignal): Promise<ZotCredentials> {
  return { kind: "key", username, key: await resolveSecret(source, signal) };
}

function has(keys: readonly UnknownKey[], { uuid }: UnknownKey): boolean {
  return keys.some((key) => key.uuid === uuid);
}

function isSame(left: readonly UnknownKey[], right: readonly UnknownKey[]): boolean {
  return left.length === right.length && left.every((key) => has(right, key));
}
