import type { SecretReference } from "../../../../core/secrets/reference.ts";
import type { Context, Observed, Resource } from "../../../../provider/resource.ts";
import { resolveSecret } from "../../../onePassword/resolver.ts";
import { keyWorks, revokeKey } from "../../client.ts";
import { otherKeysOutputs } from "../resources/outputs.ts";
import { emptyFields, newIn } from "../former/formerStores.ts";
import type { FormerStore } from "../former/formerStores.ts";
import { heldInFormer } from "../former/heldKeys.ts";
import { retireAccount } from "../former/formerAccounts.ts";
import type { FormerAccounts } from "../former/formerAccounts.ts";
import { isDue, ownGeneration, plus } from "../rotation.ts";
import { UNANSWERED, askedIn } from "../../unanswered.ts";
import { findStoredKey } from "../storedKey.ts";
import { accountKeys, describe, report } from "./accountKeys.ts";
import type { Account, OwnKey, UnmanagedKey, UnmanagedKeysPolicy } from "./accountKeys.ts";
import { whenUnused } from "./inUse.ts";
import type { Listing } from "./listing.ts";
import { dueKeys, newlySuperseded, retirement, withFormer, withFound } from "./retirement.ts";
import type { Retirement, RetiringAccount } from "./retirement.ts";

/**
 * The account's keys other than the current one: our superseded keys, and unmanaged keys. It depends on everything that uses
 * the key, so that a superseded key is revoked only after CI has the newer one and that one is tested; and then after a grace period, for
 * jobs that started with the old one. Any key can create more keys that never expire, so an unmanaged one is reported: the thief of
 * a key may have created it.
 */
export interface OtherKeysInputs extends Account {
  /** Where the current key is stored: it may list and revoke the account's other keys. */
  readonly source: SecretReference;
  /** The current key: never revoked. */
  readonly uuid: string;
  readonly superseded: readonly OwnKey[];
  /** Seconds. */
  readonly gracePeriod: number;
  /** `report`: they are reported. `revoke`: the `up` after the one that first reports a key revokes it. */
  readonly unmanagedKeys: UnmanagedKeysPolicy;
  /** What this `up` has listed and reported, including keys that an interrupted run left. */
  readonly listing?: Listing | undefined;
  /** Accounts of earlier settings: their keys are revoked after a grace period, too, and then they are removed. */
  readonly former?: FormerAccounts | undefined;
  /** Fields of earlier settings: a key of ours there goes with that key, and the current one at once. */
  readonly formerStores?: readonly FormerStore[] | undefined;
}

export interface OtherKeysState extends OtherKeysInputs, Retirement, Observed {
  readonly unmanaged: readonly UnmanagedKey[];
  /** The former accounts. Absent in the state of earlier versions. */
  readonly retiring?: readonly RetiringAccount[];
  /** Former fields with keys that still work. Absent in the state of earlier versions. */
  readonly watchedStores?: readonly FormerStore[];
}

export const otherKeys: Resource<OtherKeysInputs, OtherKeysState> = {
  computed: otherKeysOutputs,
  observations: ["listing"],

  diff: ({ inputs, state, now }) => ({
    due: [
      ...(state.due !== "" && isDue(state.due, now) ? ["due"] : []),
      ...(newlySuperseded(inputs.uuid, inputs.listing?.superseded ?? [], state.pending).length > 0 ? ["pending"] : []),
      ...(unmanagedIsDue(inputs, reportedBefore(state)) ? ["unmanaged"] : []),
    ],
  }),

  async create(inputs, context) {
    const id = `${inputs.username}@${new URL(inputs.registryUrl).host}`;
    return {
      id,
      state: await settle(
        inputs,
        inputs.superseded,
        { pending: [], unmanaged: [], retiring: [], stores: inputs.formerStores ?? [] },
        context,
      ),
    };
  },

  async read(state, context) {
    const { registryUrl, username, source, uuid, gracePeriod, unmanagedKeys } = state;
    const key = await findStoredKey(source, context.signal);
    if (key === undefined) return state; // ApiKey reports a missing or rejected key.
    const listed = await askedIn(async () =>
      (await keyWorks(registryUrl, username, key, context.signal))
        ? accountKeys(state, { kind: "key", username, key }, context.signal)
        : undefined,
    );
    if (listed === undefined) return state;
    if (listed === UNANSWERED) return { ...state, drift: UNANSWERED };
    const { own, unmanaged } = listed;
    for (const found of unmanaged) report(state, found, unmanagedKeys, context);
    const pending = withFound(uuid, own, state.pending);
    return { ...state, ...retirement(pending, gracePeriod, state.retiring), unmanaged, drift: "" };
  },

  async update(state, inputs, context) {
    const retiring = state.retiring ?? [];
    const { formerStores = [] } = inputs;
    const watched = (state.watchedStores ?? []).filter((each) => newIn([each], formerStores).length === 0);
    const stores = [...watched, ...newIn(formerStores, state.formerStores ?? [])];
    // Its keys are none of the new account's, or of the new registry's.
    if (state.username !== inputs.username || state.registryUrl !== inputs.registryUrl)
      return settle(inputs, inputs.superseded, { pending: [], unmanaged: [], retiring, stores }, context);
    // Those that the state had before are pending, or revoked.
    const known = new Set(state.superseded.map(({ uuid }) => uuid));
    const more = inputs.superseded.filter(({ uuid }) => !known.has(uuid));
    return settle(
      inputs,
      more,
      { pending: state.pending, unmanaged: reportedBefore(state), retiring, stores },
      context,
    );
  },
};

/** Revokes what is due, and notes the rest. */
async function settle(
  { listing, ...inputs }: OtherKeysInputs,
  superseded: readonly OwnKey[],
  before: Required<Pick<OtherKeysState, "pending" | "unmanaged" | "retiring">> & {
    readonly stores: readonly FormerStore[];
  },
  context: Context,
): Promise<OtherKeysState> {
  const { username, source, uuid, gracePeriod } = inputs;
  const credentials = { kind: "key", username, key: await resolveSecret(source, context.signal) } as const;
  const keys = withFound(uuid, [...superseded, ...(listing?.superseded ?? [])], before.pending);
  const due = dueKeys(keys, gracePeriod, new Date());
  const existing = due.length > 0 ? await whenUnused(inputs, due, credentials, context) : new Set<string>();
  // Not before: it uses the keys.
  const held = await heldInFormer(before.stores, context);
  for (const { uuid: going, label, since } of due.filter((old) => existing.has(old.uuid))) {
    context.info(`revoking ${label}, replaced on ${since}`);
    await revokeKey(inputs.registryUrl, credentials, going, context.signal);
  }
  const { unmanaged } = await accountKeys(inputs, credentials, context.signal);
  const left: UnmanagedKey[] = [];
  for (const key of unmanaged) {
    if (inputs.unmanagedKeys === "revoke" && has(before.unmanaged, key)) {
      context.info(`revoking ${describe(key)}`);
      await revokeKey(inputs.registryUrl, credentials, key.uuid, context.signal);
    } else {
      if (!has(listing?.unmanaged ?? [], key)) report(inputs, key, inputs.unmanagedKeys, context);
      left.push(key);
    }
  }
  const pending = keys.filter((key) => !due.includes(key));
  for (const { uuid: old, label, since } of pending) {
    if (before.pending.some((known) => known.uuid === old)) continue;
    const ends = plus(since, gracePeriod);
    context.info(
      ownGeneration(inputs, label) === undefined
        ? `${label} of ${username} is another account's of this stack: it is revoked with that one, or by the first \`up\` from ${ends} on (ci.gracePeriod).`
        : `${label} stays valid until ${ends} (ci.gracePeriod). The first \`up\` from then on revokes it.`,
    );
  }
  const retiring = await retireAccounts(inputs, before.retiring, context);
  const watchedStores = await emptyFields(held, { ...inputs, current: credentials.key }, context);
  return {
    ...inputs,
    ...retirement(pending, gracePeriod, retiring),
    unmanaged: left,
    retiring,
    watchedStores,
    drift: "",
  };
}

/** Retires the former accounts whose grace period is over. */
async function retireAccounts(
  inputs: Omit<OtherKeysInputs, "listing">,
  before: readonly RetiringAccount[],
  context: Context,
): Promise<readonly RetiringAccount[]> {
  const { former, gracePeriod } = inputs;
  const accounts: RetiringAccount[] = [];
  for (const account of withFormer(former?.accounts ?? [], before)) {
    const retires = former !== undefined && !account.retired && isDue(plus(account.since, gracePeriod), new Date());
    if (retires) await retireAccount(account, inputs, former, context);
    accounts.push(retires ? { ...account, retired: true } : account);
  }
  return accounts;
}

function unmanagedIsDue({ listing, unmanagedKeys }: OtherKeysInputs, reported: readonly UnmanagedKey[]): boolean {
  if (unmanagedKeys === "revoke" && reported.length > 0) return true;
  return listing !== undefined && !isSame(listing.unmanaged, reported);
}

/** Absent in a state from `zot:RetiredKeys` of earlier versions. */
function reportedBefore({ unmanaged }: Partial<OtherKeysState>): readonly UnmanagedKey[] {
  return unmanaged ?? [];
}

function has(keys: readonly UnmanagedKey[], { uuid }: UnmanagedKey): boolean {
  return keys.some((key) => key.uuid === uuid);
}

function isSame(left: readonly UnmanagedKey[], right: readonly UnmanagedKey[]): boolean {
  return left.length === right.length && left.every((key) => has(right, key));
}
