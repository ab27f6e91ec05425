import { ZotAuthError } from "../../../../core/errors.ts";
import { isUnreachedAndGone, withWayOut } from "../../../../core/serverGone.ts";
import { HOST_GONE } from "../../host/shell/shell.ts";
import { isOfStack, ownGeneration, plus, rfc3339 } from "../rotation.ts";
import type { SecretReference } from "../../../../core/secrets/reference.ts";
import { isDeclared } from "../../../authentik/applying/removal/accounts.ts";
import type { FormerlyDeclared } from "../../../authentik/blueprint/former.ts";
import type { Delivered } from "../../../authentik/applying/arrival.ts";
import { hasIssuer, sendsBackTo } from "../../../authentik/session/redirects.ts";
import { keyWorks, listKeys, revokeKey } from "../../client.ts";
import type { ZotCredentials } from "../../client.ts";
import {
  asFormerAccount,
  formerAccountsAfter,
  isRefusedSignIn,
  keepsFormerAccounts,
  retireAccount,
  warnOfUnmanaged,
  withoutForgotten,
} from "../former/formerAccounts.ts";
import type { Acting, FormerAccount } from "../former/formerAccounts.ts";
import { keyCleanupOutputs } from "./outputs.ts";
import { formerPlacesAfter } from "../former/formerPlaces.ts";
import type { FormerPlace, KeyPlace } from "../former/formerPlaces.ts";
import { emptyFields, formerStoresAfter } from "../former/formerStores.ts";
import type { FormerStores, KeyField } from "../former/formerStores.ts";
import { heldAt, heldInFormer, revokeWith } from "../former/heldKeys.ts";
import type { HeldKey } from "../former/heldKeys.ts";
import type { Context, Observed, Resource } from "../../../../provider/resource.ts";
import { signedIn } from "../../signIn/check.ts";
import type { SignInArgs } from "../../signIn/check.ts";

/**
 * Cleanup of the account's keys (docs/background/cleanup.md): it is in the state before the first key is created, and its deletion revokes all our keys,
 * even one that an interrupted run created and that is in no state.
 */
export interface KeyCleanupInputs extends SignInArgs {
  /** The blueprint that creates the account. Absent in the state of earlier versions. */
  readonly blueprint?: Delivered;
  /** The prefix of the keys' labels. */
  readonly owner: string;
  /** As `KeyOwner` has it. */
  readonly stack?: string | undefined;
  /** Where the current key is stored. */
  readonly store: SecretReference;
  /** All fields that get it. Absent in the state of earlier versions. */
  readonly stores?: readonly SecretReference[];
  readonly onDestroy: "blank" | "leave";
  /** Seconds that a key is valid. Absent in the state of earlier versions. */
  readonly lifetime: number;
  /** Accounts that earlier blueprints created, even if the run was interrupted right after. Absent in the state of earlier versions. */
  readonly declaredBefore: readonly FormerlyDeclared[];
  /** As `ApiKey` has them. Absent in the state of earlier versions. */
  readonly rotationTrigger?: string;
  readonly revocationTrigger?: string;
  readonly zotData?: string;
  /** Another one looks whether every field holds the key. */
  readonly generation?: number | undefined;
}

export interface KeyCleanupState extends KeyCleanupInputs, Partial<FormerStores>, Observed {
  /** Earlier prefixes of the keys' labels: the stack was renamed. Absent in the state of earlier versions. */
  readonly formerOwners?: readonly string[];
  /** Absent in the state of earlier versions. */
  readonly formerAccounts?: readonly FormerAccount[];
  /** Absent in the state of earlier versions. */
  readonly formerPlaces?: readonly FormerPlace[];
}

export const keyCleanup: Resource<KeyCleanupInputs, KeyCleanupState> = {
  computed: keyCleanupOutputs,

  keeps: ({ inputs, state }) => inputs.owner === state.owner && keepsFormerAccounts(state, inputs),

  // Otherwise, each other change would seem to look into 1Password's fields.
  foresees: ({ inputs, state }) => ({
    ...formerStoresAfter(state, inputs),
    formerPlaces: formerPlacesAfter(state, inputs, new Date()),
  }),

  async create(inputs) {
    const id = `${inputs.username}@${new URL(inputs.registryUrl).host}`;
    const formerAccounts = formerAccountsAfter({ username: inputs.username }, inputs, new Date());
    return Promise.resolve({
      id,
      state: {
        ...inputs,
        formerOwners: [],
        formerAccounts,
        formerPlaces: [],
        ...formerStoresAfter(undefined, inputs),
        drift: "",
      },
    });
  },

  async update(state, inputs, context) {
    const owners = [...new Set([...(state.formerOwners ?? []), state.owner])];
    const formerOwners = owners.filter((prefix) => prefix !== inputs.owner);
    const former = formerAccountsAfter(state, inputs, new Date());
    const formerAccounts = await withoutForgotten(former, { signIn: inputs }, context);
    const formerStores = formerStoresAfter(state, inputs, await seenIn(state, context));
    const formerPlaces = formerPlacesAfter(state, inputs, new Date());
    return { ...inputs, formerOwners, formerAccounts, formerPlaces, ...formerStores, drift: "" };
  },

  async delete(state, context) {
    try {
      await revokeAllOwn(state, context);
    } catch (error) {
      if (!(error instanceof ZotAuthError)) throw error;
      const { registryUrl, owner, formerOwners = [], username, formerAccounts = [] } = state;
      const keys = `keys ${[owner, ...formerOwners].map((prefix) => `"${prefix}/…"`).join(" and ")} of ${[username, ...formerAccounts.map((former) => former.username)].join(" and ")}`;
      // A proxy in front of a zot that no longer exists gives answers of many kinds.
      if (process.env[HOST_GONE] === state.configPlace.host)
        context.warn(
          `The ${keys} at ${registryUrl} were not revoked: ${error.message} If zot returns with its data, they are valid until they expire.`,
        );
      else if ((await nobodySignsIn(error, state, context)) || isUnreachedAndGone(error, state.authentikUrl))
        context.warn(
          `Whether ${keys} are left at ${registryUrl} is unknown: ${error.message} Sign in to its UI as that account, if it still exists, and revoke them there.${validUntil(state)}`,
        );
      else throw withWayOut(error, state.authentikUrl);
    }
  },
};

/** Whether an interrupted change reached Authentik, and not zot or not the keys, such that no account can sign in to zot at this address until the next `up`. */
async function nobodySignsIn({ code }: ZotAuthError, state: KeyCleanupState, { signal }: Context): Promise<boolean> {
  switch (code) {
    // registry.url or authentik.clientId reached Authentik; or somebody deleted the provider.
    case "REDIRECT_URI_REFUSED":
    case "CLIENT_UNKNOWN":
      return true;
    // registry.url reached zot, too.
    case "REDIRECT_ELSEWHERE":
      return !(await sendsBackTo({ ...state, clientId: undefined }, signal));
    // authentik.application reached Authentik: zot cannot redeem a code where its issuer was.
    case "ZOT_LOGIN_FAILED":
      return !(await hasIssuer(state, signal));
    default:
      return false;
  }
}

function validUntil(state: Partial<KeyCleanupState>): string {
  const date = expiryOf(state);
  return date === undefined ? "" : ` They are valid until ${date}.`;
}

/** When keys created until now expire; unknown in the state of earlier versions. */
function expiryOf({ lifetime }: Partial<KeyCleanupState>): string | undefined {
  return lifetime === undefined ? undefined : plus(rfc3339(new Date()), lifetime);
}

/** The keys in the fields of the settings, each where it works: a run that was killed may have stored one that is in no state. */
async function heldInStores(state: KeyCleanupState, context: Context): Promise<readonly HeldKey<KeyField>[]> {
  const { store, stores = [store], seen = {} } = state;
  return (await Promise.all(stores.map(async (each) => heldAt(each, placesOf(state), seen[each], context)))).flat();
}

function placesOf({
  registryUrl,
  username,
  formerPlaces = [],
}: KeyCleanupState): readonly [KeyPlace, ...(readonly KeyPlace[])] {
  return [{ registryUrl, username }, ...formerPlaces];
}

/** Fingerprints of the keys in the fields before a change of the settings, which may revoke them. */
async function seenIn(state: KeyCleanupState, context: Context): Promise<FormerStores["seen"]> {
  try {
    const held = await heldInStores(state, context);
    return Object.fromEntries(held.map(({ field: { store }, key }) => [store, key.fingerprint]));
  } catch (error) {
    // The new settings may be about to leave a registry or a vault that no longer answers.
    if (!(error instanceof ZotAuthError)) throw error;
    return state.seen ?? {};
  }
}

async function revokeAllOwn(state: KeyCleanupState, context: Context): Promise<void> {
  const { onDestroy, formerStores = [] } = state;
  const declared = await heldInStores(state, context);
  const former = await heldInFormer(formerStores, context);
  let failure: ZotAuthError | undefined;
  try {
    await revokeOfAll(state, context);
  } catch (error) {
    if (!(error instanceof ZotAuthError)) throw error;
    await revokeElsewhere(state, context);
    const reached = await revokeWithHeld([...declared, ...former], state, context);
    if (reached === "unanswered") throw error;
    if (reached === "some") failure = error;
  }
  await emptyFields([...(onDestroy === "blank" ? declared : []), ...former], state, context);
  if (failure !== undefined) throw failure;
}

/** Of the account, and of those before it. */
async function revokeOfAll(state: KeyCleanupState, context: Context): Promise<void> {
  await revokeOwn(state, context);
  for (const account of state.formerAccounts ?? []) await retireAccount(account, state, actingFor(state), context);
}

/** Signs in where earlier settings had the registry, if Authentik sends people there: a run that was killed had set `registry.url` back. */
async function revokeElsewhere(state: KeyCleanupState, context: Context): Promise<void> {
  const { registryUrl: declared, formerPlaces = [] } = state;
  for (const registryUrl of new Set(formerPlaces.map((place) => place.registryUrl))) {
    if (registryUrl === declared) continue;
    const there = { ...state, registryUrl };
    try {
      if (!(await sendsBackTo({ ...there, clientId: undefined }, context.signal))) continue;
      await revokeOfAll(there, context);
      return;
    } catch (error) {
      // The error at the address of the settings says more.
      if (!(error instanceof ZotAuthError)) throw error;
    }
  }
}

/**
 * Revokes our keys with those in the fields, where nobody can sign in.
 *
 * @returns whether that was possible for `all`: the account and each former one
 */
async function revokeWithHeld(
  held: readonly HeldKey<KeyField>[],
  state: KeyCleanupState,
  context: Context,
): Promise<"all" | "some" | "unanswered"> {
  const { registryUrl, username, formerAccounts = [] } = state;
  const reached = new Set<string>();
  try {
    for (const { field, key } of held) {
      if (!(await keyWorks(field.registryUrl, field.username, key, context.signal))) continue;
      const isHere =
        field.registryUrl === registryUrl || (await keyWorks(registryUrl, field.username, key, context.signal));
      if (isHere) reached.add(field.username);
      await revokeWith({ field, key }, isOursIn(state, field.username, context), context);
    }
  } catch (error) {
    // It did not answer the sign-in either.
    if (error instanceof ZotAuthError) return "unanswered";
    throw error;
  }
  const all = [username, ...formerAccounts.map((former) => former.username)];
  return all.every((name) => reached.has(name)) ? "all" : "some";
}

/** Which of an account's keys are ours, by their labels. If another account of the settings has the name now, what is not ours is that one's to revoke, or to report. */
function isOursIn(state: KeyCleanupState, username: string, context: Context): (label: string) => boolean {
  const isTaken = isDeclared(username, context);
  return (label) => (isTaken ? ownGeneration(state, label) !== undefined : isOfStack(state, label));
}

/**
 * Revokes our keys of the account. If it cannot sign in any more, since an interrupted run has removed it or changed its group or flow, it gets a way in
 * of its own.
 */
async function revokeOwn(state: KeyCleanupState, context: Context): Promise<void> {
  const { registryUrl, username } = state;
  const isTaken = isDeclared(username, context);
  const isOurs = isOursIn(state, username, context);
  const revoke = async (credentials: ZotCredentials): Promise<void> => {
    context.progress("revoking the keys");
    for (const { uuid, label } of await listKeys(registryUrl, credentials, context.signal)) {
      if (isOurs(label)) await revokeKey(registryUrl, credentials, uuid, context.signal);
      else if (!isTaken) warnOfUnmanaged(state, label, context);
    }
  };
  context.progress(`signing in as ${username}`);
  try {
    await signedIn(state, context, async ({ zot }) => revoke(zot.credentials));
  } catch (error) {
    if (!isRefusedSignIn(error)) throw error;
    const expires = expiryOf(state);
    await asFormerAccount(
      { username, ...(expires === undefined ? {} : { expires }) },
      actingFor(state),
      context,
      revoke,
    );
  }
}

function actingFor(state: KeyCleanupState): Acting {
  return { signIn: state, timeout: state.blueprint?.timeout ?? 300 };
}
