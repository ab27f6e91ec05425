import { isDue, plus, rfc3339 } from "../../domain/rotation.ts";
import type { SecretReference } from "../../domain/secretReference.ts";
import { listKeys, revokeKey } from "../clients/zot.ts";
import { resolveSecret } from "../configuration.ts";
import type { Context, Observed, Resource } from "../resource.ts";
import type { SupersededKey } from "./apiKey.ts";

/**
 * The keys that a newer one took the place of. It depends on everything that uses the key, so that a key goes only after CI has the newer
 * one and the newer one is proved; and then after a grace period, for jobs that started with the old one.
 */
export interface RetiredKeysInputs {
  readonly registryUrl: string;
  readonly username: string;
  /** Where the key in force is: it may revoke the account's other keys. */
  readonly source: SecretReference;
  readonly superseded: readonly SupersededKey[];
  /** Seconds. */
  readonly gracePeriod: number;
}

export interface RetiredKeysState extends RetiredKeysInputs, Observed {
  /** Keys that still work. `since`: when CI had the newer one, which is when their grace period began. */
  readonly pending: readonly SupersededKey[];
  /** When the first of them is due (RFC 3339), empty when none is pending. */
  readonly due: string;
}

export const retiredKeys: Resource<RetiredKeysInputs, RetiredKeysState> = {
  computed: ["pending", "due"],

  diff: ({ inputs, oldInputs, state, now }) => ({
    replace: (["registryUrl", "username"] as const).filter((key) => inputs[key] !== oldInputs[key]),
    due: state.due !== "" && isDue(state.due, now) ? ["due"] : [],
  }),

  async create(inputs, context) {
    return {
      id: `${inputs.username}@${new URL(inputs.registryUrl).host}`,
      state: await retire(inputs, inputs.superseded.map(fromNow), context),
    };
  },

  async update(state, inputs, context) {
    // Those that the state has had before are pending, or gone.
    const known = new Set(state.superseded.map((key) => key.uuid));
    const more = inputs.superseded.filter((key) => !known.has(key.uuid)).map(fromNow);
    return retire(inputs, [...state.pending, ...more], context);
  },
};

/** The grace period begins now that CI has the newer key: it may have been made long ago, when Forgejo could not be reached. */
function fromNow(key: SupersededKey): SupersededKey {
  return { ...key, since: rfc3339(new Date()) };
}

async function retire(
  inputs: RetiredKeysInputs,
  keys: readonly SupersededKey[],
  context: Context,
): Promise<RetiredKeysState> {
  const now = new Date();
  const dueDate = (key: SupersededKey): string => plus(key.since, inputs.gracePeriod);
  const due = keys.filter((key) => isDue(dueDate(key), now));
  const pending = keys.filter((key) => !due.includes(key));
  if (due.length > 0) {
    const credentials = {
      kind: "key",
      username: inputs.username,
      key: await resolveSecret(inputs.source, context.signal),
    } as const;
    const there = new Set((await listKeys(inputs.registryUrl, credentials, context.signal)).map((key) => key.uuid));
    for (const key of due.filter(({ uuid }) => there.has(uuid))) {
      context.info(`revoking ${key.label}, replaced on ${key.since}`);
      await revokeKey(inputs.registryUrl, credentials, key.uuid, context.signal);
    }
  }
  return { ...inputs, pending, due: pending.map(dueDate).sort()[0] ?? "", drift: "" };
}
