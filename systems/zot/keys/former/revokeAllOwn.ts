// What a destroy does with the keys: of the account, of those before it, and in every field that holds one.
import { ZotAuthError } from "../../../../core/errors.ts";
import type { Context } from "../../../../provider/resource.ts";
import { isDeclared } from "../../../authentik/applying/removal/accounts.ts";
import type { Delivered } from "../../../authentik/applying/arrival.ts";
import { sendsBackTo } from "../../../authentik/session/redirects.ts";
import { keyWorks, listKeys, revokeKey } from "../../client.ts";
import type { ZotCredentials } from "../../client.ts";
import type { Account } from "../otherKeys/accountKeys.ts";
import { isOfStack, ownGeneration, plus, rfc3339 } from "../rotation.ts";
import { signedIn } from "../../signIn/check.ts";
import type { SignInArgs } from "../../signIn/check.ts";
import { asFormerAccount, isRefusedSignIn, retireAccount, warnOfUnmanaged } from "./formerAccounts.ts";
import type { Acting, FormerAccount } from "./formerAccounts.ts";
import type { FormerPlace, KeyPlace } from "./formerPlaces.ts";
import { empty, emptyFields } from "./formerStores.ts";
import type { KeyField } from "./formerStores.ts";
import { revokeWith } from "./heldKeys.ts";
import type { HeldKey } from "./heldKeys.ts";

/** Whose keys are revoked: what the state knows of them. */
export interface Revoked extends Account, SignInArgs {
  /** The blueprint that creates the account. Absent in the state of earlier versions, as all that may be undefined. */
  readonly blueprint?: Delivered;
  /** Seconds that a key is valid. */
  readonly lifetime?: number;
  readonly formerAccounts?: readonly FormerAccount[];
  readonly formerPlaces?: readonly FormerPlace[];
}

type Held = readonly HeldKey<KeyField>[];

/** The keys in the fields, when the deletion begins. */
export interface InFields {
  /** Of the settings, and whether they are emptied. */
  readonly declared: Held;
  readonly onDestroy: "blank" | "leave";
  readonly former: Held;
}

/** When keys created until now expire; unknown in the state of earlier versions. */
export function expiryOf({ lifetime }: Pick<Revoked, "lifetime">): string | undefined {
  return lifetime === undefined ? undefined : plus(rfc3339(new Date()), lifetime);
}

/**
 * Revokes our keys of all accounts, and empties the fields that held them.
 *
 * @throws ZotAuthError if there is no way in to zot, and the keys in the fields do not reach every account
 */
export async function revokeAllOwn(
  state: Revoked,
  { declared, onDestroy, former }: InFields,
  context: Context,
): Promise<void> {
  const going = [...(onDestroy === "blank" ? declared : []), ...former];
  let failure: ZotAuthError | undefined;
  try {
    await revokeOfAll(state, going, context);
  } catch (error) {
    if (!(error instanceof ZotAuthError)) throw error;
    await revokeElsewhere(state, going, context);
    const reached = await revokeWithHeld([...declared, ...former], state, context);
    if (reached === "unanswered") throw error;
    if (reached === "some") failure = error;
  }
  await emptyFields(going, state, context);
  if (failure !== undefined) throw failure;
}

/** Of the account, and of those before it. */
async function revokeOfAll(state: Revoked, going: Held, context: Context): Promise<void> {
  const emptyFirst = async (place: KeyPlace): Promise<void> => emptyWorking(going, place, context);
  await revokeOwn(state, emptyFirst, context);
  for (const account of state.formerAccounts ?? [])
    await retireAccount(account, state, actingFor(state), context, emptyFirst);
}

/**
 * Empties the fields whose keys work there, before they are revoked: all keys of the account are ours. Afterwards, nothing says whose they were, and a destroy that
 * is interrupted in between would leave them.
 */
async function emptyWorking(going: Held, { registryUrl, username }: KeyPlace, context: Context): Promise<void> {
  for (const { field, key } of going) {
    if (field.username !== username || !(await keyWorks(registryUrl, username, key, context.signal))) continue;
    try {
      await empty(field.store, key, context);
    } catch (error) {
      // It is tried once more when the keys are revoked, and reported then.
      if (!(error instanceof ZotAuthError)) throw error;
    }
  }
}

/** Signs in where earlier settings had the registry, if Authentik sends people there: a run that was killed had set `registry.url` back. */
async function revokeElsewhere(state: Revoked, going: Held, context: Context): Promise<void> {
  const { registryUrl: declared, formerPlaces = [] } = state;
  for (const registryUrl of new Set(formerPlaces.map((place) => place.registryUrl))) {
    if (registryUrl === declared) continue;
    const there = { ...state, registryUrl };
    try {
      if (!(await sendsBackTo({ ...there, clientId: undefined }, context.signal))) continue;
      await revokeOfAll(there, going, context);
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
async function revokeWithHeld(held: Held, state: Revoked, context: Context): Promise<"all" | "some" | "unanswered"> {
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
function isOursIn(state: Revoked, username: string, context: Context): (label: string) => boolean {
  const isTaken = isDeclared(username, context);
  return (label) => (isTaken ? ownGeneration(state, label) !== undefined : isOfStack(state, label));
}

/**
 * Revokes our keys of the account. If it cannot sign in any more, since an interrupted run has removed it or changed its group or flow, it gets a way in
 * of its own.
 */
async function revokeOwn(
  state: Revoked,
  beforeRevokingAll: (place: KeyPlace) => Promise<void>,
  context: Context,
): Promise<void> {
  const { registryUrl, username } = state;
  const isTaken = isDeclared(username, context);
  const isOurs = isOursIn(state, username, context);
  const revoke = async (credentials: ZotCredentials): Promise<void> => {
    context.progress("revoking the keys");
    const keys = await listKeys(registryUrl, credentials, context.signal);
    if (keys.every(({ label }) => isOurs(label))) await beforeRevokingAll(state);
    for (const { uuid, label } of keys) {
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

function actingFor(state: Revoked): Acting {
  return { signIn: state, timeout: state.blueprint?.timeout ?? 300 };
}
