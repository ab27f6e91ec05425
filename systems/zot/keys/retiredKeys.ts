import { ZotAuthError } from "../../../core/errors.ts";
import { isDue, plus, rfc3339 } from "./rotation.ts";
import type { SecretReference } from "../../../core/secretReference.ts";
import { accountKeys } from "./accountKeys.ts";
import type { OwnKey } from "./accountKeys.ts";
import { waitFor } from "../../../core/wait.ts";
import { keyWorks, listKeys, revokeKey } from "../client.ts";
import type { ApiKeyInfo, ZotCredentials } from "../client.ts";
import { findSecret, resolveSecret } from "../../onePassword/resolver.ts";
import type { Context, Observed, Resource } from "../../../provider/resource.ts";

/**
 * The keys that a newer one took the place of. It depends on everything that uses the key, so that a key goes only after CI has the newer
 * one and the newer one is proved; and then after a grace period, for jobs that started with the old one.
 */
export interface RetiredKeysInputs {
  readonly registryUrl: string;
  readonly username: string;
  /** Where the key in force is: it may revoke the account's other keys. */
  readonly source: SecretReference;
  /** The first part of our own keys' labels. */
  readonly owner: string;
  /** The key in force: never revoked. */
  readonly uuid: string;
  readonly superseded: readonly OwnKey[];
  /** Seconds. */
  readonly gracePeriod: number;
  /** Keys of ours beside the one in force, as this very `up` found them: what a run that was cut off left behind is among them. */
  readonly seen?: readonly OwnKey[] | undefined;
}

/** A key on its way out. */
export interface RetiredKey extends OwnKey {
  /** When its grace period began: when CI had the newer one, or when it was found, RFC 3339. */
  readonly since: string;
}

export interface RetiredKeysState extends RetiredKeysInputs, Observed {
  /** Keys that still work. */
  readonly pending: readonly RetiredKey[];
  /** When the first of them is due (RFC 3339), empty when none is pending. */
  readonly due: string;
}

export const retiredKeys: Resource<RetiredKeysInputs, RetiredKeysState> = {
  computed: ["pending", "due"],
  observations: ["seen"],

  diff: ({ inputs, oldInputs, state, now }) => ({
    replace: (["registryUrl", "username"] as const).filter((key) => inputs[key] !== oldInputs[key]),
    due: [
      ...(state.due !== "" && isDue(state.due, now) ? ["due"] : []),
      ...(others(inputs, inputs.seen ?? [], state.pending).length > 0 ? ["pending"] : []),
    ],
  }),

  async create({ seen = [], ...inputs }, context) {
    return {
      id: `${inputs.username}@${new URL(inputs.registryUrl).host}`,
      state: await retire(inputs, found(inputs, [...inputs.superseded, ...seen], []), context),
    };
  },

  async read(state, context) {
    const { registryUrl, username, source } = state;
    const key = await findSecret(source, context.signal);
    // That the key is missing or refused is told by ApiKey.
    if (key === undefined || !(await keyWorks(registryUrl, username, key, context.signal))) return state;
    const { own } = await accountKeys(state, { kind: "key", username, key }, context.signal);
    return waiting(state, found(state, own, state.pending));
  },

  async update(state, { seen = [], ...inputs }, context) {
    // Those that the state has had before are pending, or gone.
    const known = new Set(state.superseded.map((key) => key.uuid));
    const more = inputs.superseded.filter((key) => !known.has(key.uuid));
    return retire(inputs, found(inputs, [...more, ...seen], state.pending), context);
  },
};

/** Keys of a list that are neither in force nor on their way out, each once. */
function others(
  { uuid: inForce }: Pick<RetiredKeysInputs, "uuid">,
  keys: readonly OwnKey[],
  pending: readonly RetiredKey[],
): readonly OwnKey[] {
  const known = new Set([inForce, ...pending.map(({ uuid }) => uuid)]);
  return keys.filter(({ uuid }) => !known.has(uuid) && known.add(uuid));
}

/**
 * The keys on their way out, with those that are found just now. Their grace period begins now: CI has the newer key now, which may have been
 * made long ago, when Forgejo could not be reached.
 */
function found(
  inputs: RetiredKeysInputs,
  keys: readonly OwnKey[],
  pending: readonly RetiredKey[],
): readonly RetiredKey[] {
  const since = rfc3339(new Date());
  // A refresh after a rotation that was cut off takes the key that is in force by now for one too many.
  const still = pending.filter(({ uuid }) => uuid !== inputs.uuid);
  return [...still, ...others(inputs, keys, still).map(({ uuid, label }) => ({ uuid, label, since }))];
}

async function retire(
  inputs: RetiredKeysInputs,
  keys: readonly RetiredKey[],
  context: Context,
): Promise<RetiredKeysState> {
  const now = new Date();
  const due = keys.filter((key) => isDue(dueDate(inputs, key), now));
  if (due.length > 0) {
    const credentials = {
      kind: "key",
      username: inputs.username,
      key: await resolveSecret(inputs.source, context.signal),
    } as const;
    const there = await quietKeys(inputs, due, credentials, context);
    for (const key of due.filter(({ uuid }) => there.has(uuid))) {
      context.info(`revoking ${key.label}, replaced on ${key.since}`);
      await revokeKey(inputs.registryUrl, credentials, key.uuid, context.signal);
    }
  }
  return waiting(
    inputs,
    keys.filter((key) => !due.includes(key)),
  );
}

/** Seconds without a request after which a key is not in use, and for how long that is waited for. */
const QUIET = 3;
const PATIENCE = 30;

/**
 * The account's keys, once nobody is using those that are due: a push that began with one goes on with it to its end.
 *
 * @returns their uuids
 */
async function quietKeys(
  inputs: RetiredKeysInputs,
  due: readonly RetiredKey[],
  credentials: ZotCredentials,
  context: Context,
): Promise<ReadonlySet<string>> {
  const going = new Set(due.map(({ uuid }) => uuid));
  let keys: readonly ApiKeyInfo[] = [];
  const look = async (): Promise<true | undefined> => {
    keys = await listKeys(inputs.registryUrl, credentials, context.signal);
    // By zot's own clock: the key in force was used just now.
    const now = Date.parse(keys.find(({ uuid }) => uuid === inputs.uuid)?.lastUsed ?? rfc3339(new Date()));
    const inUse = keys.some(({ uuid, lastUsed }) => going.has(uuid) && now - Date.parse(lastUsed) < QUIET * 1000);
    if (inUse) context.progress("waiting until pushes that use the old key have ended");
    return inUse ? undefined : true;
  };
  try {
    await waitFor(look, {
      what: "the old key to be out of use",
      timeoutSeconds: PATIENCE,
      signal: context.signal,
      code: "KEY_IN_USE",
      remedy: () => "",
    });
  } catch (error) {
    if (!(error instanceof ZotAuthError) || error.code !== "KEY_IN_USE") throw error;
    context.warn(
      `The old key of ${inputs.username} is still in use, and goes all the same: a job that has it from before fails. Where jobs take longer, give them a longer ci.gracePeriod.`,
    );
  }
  return new Set(keys.map(({ uuid }) => uuid));
}

function waiting(inputs: RetiredKeysInputs, pending: readonly RetiredKey[]): RetiredKeysState {
  return { ...inputs, pending, due: pending.map((key) => dueDate(inputs, key)).sort()[0] ?? "", drift: "" };
}

function dueDate({ gracePeriod }: RetiredKeysInputs, { since }: RetiredKey): string {
  return plus(since, gracePeriod);
}
