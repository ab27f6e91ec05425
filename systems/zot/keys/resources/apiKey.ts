import { failures, keyProof } from "../../access/matrix.ts";
import { ZotAuthError, messageOf } from "../../../../core/errors.ts";
import {
  accountSetting,
  isDue,
  keyDates,
  keyLabel,
  nextGeneration,
  ownGeneration,
  plus,
  rfc3339,
} from "../rotation.ts";
import type { KeyOwner } from "../rotation.ts";
import { isDeclared } from "../../../authentik/applying/removal/accounts.ts";
import type { SecretReference } from "../../../../core/secrets/reference.ts";
import { canSignIn } from "../canSignIn.ts";
import { apiKeyOutputs } from "./outputs.ts";
import { keysAtOldRegistry, revokeAtOldRegistry, stillWorks } from "../former/oldRegistry.ts";
import type { KeysAtOldRegistry } from "../former/oldRegistry.ts";
import { asFormerAccount } from "../former/formerAccounts.ts";
import type { FormerAccounts } from "../former/formerAccounts.ts";
import { revokeAll } from "../revocation.ts";
import type { OwnKey } from "../otherKeys/accountKeys.ts";
import type { Secret } from "../../../../core/secrets/secret.ts";
import { createKey, keyWorks, listKeys, revokeKey } from "../../client.ts";
import type { ZotCredentials } from "../../client.ts";
import { UNANSWERED, askedIn } from "../../unanswered.ts";
import { blankIfHeld, blankReplaced, findStoredKey, storeKey, tellOfStored } from "../storedKey.ts";
import { measure } from "../../access/proof/proofs.ts";
import type { Context, Observed, Resource } from "../../../../provider/resource.ts";
import { assertKeyEndpoint, assertKeyPushes, signedIn } from "../../signIn/check.ts";
import type { SignInArgs, SignedIn } from "../../signIn/check.ts";

/** The API key that CI pushes with: created in zot, tested, and stored in 1Password in one operation, since zot shows it only once. */
export interface ApiKeyInputs extends SignInArgs, KeyOwner {
  /** Where the key is stored. */
  readonly store: SecretReference;
  /** Seconds. */
  readonly lifetime: number;
  /** Seconds after which the key is replaced. */
  readonly rotateAfter: number;
  /** Any text; a change replaces the key. */
  readonly rotationTrigger: string;
  /** Any text; a change revokes every key of the account at once, before a new one is created. */
  readonly revocationTrigger: string;
  /** zot's host and data folder, which holds its keys; a change needs a new key. Absent in the state of earlier versions. */
  readonly zotData?: string;
  /** The image repository for the proofs. */
  readonly proofRepository: string;
  readonly onDestroy: "blank" | "leave";
  /** Accounts of earlier settings; a revocation revokes their keys, too. */
  readonly former?: FormerAccounts | undefined;
  /** Of `KeyCleanup`: with another one, the field may no longer hold the key. */
  readonly storeGeneration?: number | undefined;
}

/** The key's metadata, without the key. */
export interface ApiKeyState extends ApiKeyInputs, Observed {
  readonly uuid: string;
  readonly label: string;
  readonly generation: number;
  readonly fingerprint: string;
  /** RFC 3339. */
  readonly created: string;
  readonly expires: string;
  readonly rotates: string;
  /** Our keys that must be revoked once CI has the newer one. */
  readonly superseded: readonly OwnKey[];
}

/** Inputs whose change requires a new key. */
const KEY_DECIDING = ["username", "registryUrl", "rotationTrigger", "lifetime", "store", "owner"] as const;

export const apiKey: Resource<ApiKeyInputs, ApiKeyState> = {
  computed: apiKeyOutputs,

  diff: ({ inputs, state, now }) => ({
    due: isOverdue(inputs, state, now) ? ["rotates"] : [],
  }),

  notice: (change) => (isRevocation(change.inputs, change.state) ? REVOCATION : userNotice(change)),

  keeps: ({ inputs, state, now }) => !needsNewKey(inputs, state, now),

  lookAhead: {
    needs: ["store"],
    look: async ({ inputs: { store }, state }, context) => {
      if (store !== state?.store) await tellOfStored(store, context);
    },
  },

  async create(inputs, context) {
    return { id: `${inputs.username}@${new URL(inputs.registryUrl).host}`, state: await makeKey(inputs, context) };
  },

  async read(state, context) {
    const held = await findStoredKey(state.store, context.signal);
    return { ...state, drift: await askedIn(async () => driftOf(state, held, context)) };
  },

  async update(state, inputs, context) {
    const said = userNotice({ inputs, state });
    if (said !== undefined) context.warn(said);
    if (isRevocation(inputs, state)) await revokeEverything(inputs, context);
    if (needsNewKey(inputs, state, new Date())) return makeKey(inputs, context, state);
    const mayDrift = state.drift === UNANSWERED || inputs.storeGeneration !== state.storeGeneration;
    // Asked only where the settings ask for no new key: an old address may never answer again.
    if (mayDrift && (await currentDrift(state, context)) !== "") return makeKey(inputs, context, state);
    return { ...state, ...inputs, rotates: plus(state.created, inputs.rotateAfter), drift: "" };
  },

  /**
   * KeyCleanup revokes the key; it also finds keys that are in no state. But where nobody can sign in any more, only the key can do that: so it stays in its field, and
   * KeyCleanup empties that.
   */
  async delete(state, context) {
    if (!(await canSignIn(state, context))) {
      const keys = await keysAtOldRegistry(state, context.signal);
      if (await stillWorks(keys, context.signal)) return;
      await revokeAtOldRegistry(keys, context);
    }
    await blankIfHeld(state, context);
  },
};

const REVOCATION =
  "Every key of the account is revoked first. Then CI gets a new one, and cannot push until this run has written it everywhere.";

/** What the account's changed user name means for CI. */
function userNotice({ inputs, state }: { inputs: ApiKeyInputs; state: ApiKeyState }): string | undefined {
  if (inputs.username === state.username) return undefined;
  return (
    `${accountSetting(inputs, "user")} changes from ${state.username} to ${inputs.username}: a key works only with its own account's name. A workflow that names ${state.username} must name ` +
    `${inputs.username} from the moment its repository has the new key. Running jobs can go on with the old key as ${state.username} until ci.gracePeriod is over; ` +
    `if ${accountSetting(inputs, "group")} changes, too, only until zot has the new config.`
  );
}

/** Every key of the account, and of those before it. */
async function revokeEverything(inputs: ApiKeyInputs, context: Context): Promise<void> {
  await inSession(inputs, context, async ({ zot }) => revokeAll(inputs, zot.credentials, context));
  const { former, registryUrl } = inputs;
  for (const account of former?.accounts ?? []) {
    if (former === undefined) continue;
    const { username } = account;
    const isTaken = isDeclared(username, context);
    if (isTaken)
      context.warn(
        `${username} is now another account's user name, so only this account's own keys of it are revoked. Whoever had one of them may have created more: revoke those of the other account, too.`,
      );
    const isGoing = (label: string): boolean => !isTaken || ownGeneration(inputs, label) !== undefined;
    await asFormerAccount(account, former, context, async (credentials) =>
      revokeAll({ registryUrl, username }, credentials, context, isGoing),
    );
  }
}

function needsNewKey(inputs: ApiKeyInputs, state: ApiKeyState, now: Date): boolean {
  return (
    (state.drift !== "" && state.drift !== UNANSWERED) ||
    isOverdue(inputs, state, now) ||
    isRevocation(inputs, state) ||
    hasMoved(inputs, state) ||
    KEY_DECIDING.some((key) => inputs[key] !== state[key])
  );
}

/** zot starts with the keys of its new data folder: with none, or with those that were copied there. */
function hasMoved({ zotData }: ApiKeyInputs, state: ApiKeyState): boolean {
  return zotData !== undefined && state.zotData !== undefined && zotData !== state.zotData;
}

/** By the setting as it is now: a shorter `ci.rotateAfter` can make the key due at once, a longer one gives it more time. */
function isOverdue({ rotateAfter }: ApiKeyInputs, { created }: ApiKeyState, now: Date): boolean {
  return isDue(plus(created, rotateAfter), now);
}

function isRevocation(inputs: ApiKeyInputs, state: Partial<ApiKeyState>): boolean {
  // Absent in the state of earlier versions.
  return inputs.revocationTrigger !== (state.revocationTrigger ?? "");
}

/**
 * Signs in again (so that zot rereads the account's groups), creates a key, tests it and stores it. Our older keys keep working: they are
 * recorded as superseded, and revoked once CI has the new one.
 */
async function makeKey(inputs: ApiKeyInputs, context: Context, last?: ApiKeyState): Promise<ApiKeyState> {
  return inSession(inputs, context, async (session) => makeKeyIn(session, inputs, context, last));
}

/** Our keys at the old address, unless it is the same registry: then another account's key, which this one cannot list, works at the new address, too. */
async function keysElsewhere(
  { registryUrl, username }: ApiKeyInputs,
  last: ApiKeyState,
  signal: AbortSignal,
): Promise<KeysAtOldRegistry | undefined> {
  const keys = await keysAtOldRegistry(last, signal);
  const isSame =
    last.username !== username &&
    typeof keys.key !== "string" &&
    (await keyWorks(registryUrl, last.username, keys.key, signal));
  return isSame ? undefined : keys;
}

async function makeKeyIn(
  began: SignedIn,
  inputs: ApiKeyInputs,
  context: Context,
  last: ApiKeyState | undefined,
): Promise<ApiKeyState> {
  const { registryUrl, owner } = inputs;
  const session = began.zot.credentials;
  const zotVersion = await assertKeyEndpoint(inputs, session, context);
  const before = (await listKeys(registryUrl, session, context.signal)).filter(
    (key) => ownGeneration(inputs, key.label) !== undefined,
  );
  const generation = nextGeneration(
    last?.generation ?? 0,
    before.map((key) => ownGeneration(inputs, key.label) ?? 0),
  );

  const oldRegistry =
    last !== undefined && last.registryUrl !== registryUrl && !before.some(({ uuid }) => uuid === last.uuid)
      ? await keysElsewhere(inputs, last, context.signal)
      : undefined;

  context.progress("creating the key");
  const created = rfc3339(new Date());
  const dates = keyDates(created, { lifetimeSeconds: inputs.lifetime, rotateAfterSeconds: inputs.rotateAfter });
  const label = keyLabel(owner, generation);
  const made = await createKey(registryUrl, session, { label, expirationDate: dates.expires }, context.signal);
  try {
    const repository = inputs.proofRepository;
    await assertKeyPushes(inputs, { key: made.key, repository, session: began, zotVersion }, context);
    await prove(inputs, made.key, context);
    await storeKey(inputs.store, made.key, context);
  } catch (error) {
    await withdraw(inputs, session, made.uuid, context);
    throw error;
  }
  if (last !== undefined && last.store !== inputs.store) await blankReplaced(last, context);
  // Last: until here the old key is the only one that CI and 1Password have.
  if (oldRegistry !== undefined) await revokeAtOldRegistry(oldRegistry, context);
  const superseded = before.map(({ uuid, label: ours }) => ({ uuid, label: ours }));
  return {
    ...inputs,
    uuid: made.uuid,
    label,
    generation,
    fingerprint: made.key.fingerprint,
    created,
    ...dates,
    superseded,
    drift: "",
  };
}

/** Revokes a key that could not be tested or stored. If that fails, the next run finds the key by its label. */
async function withdraw(inputs: ApiKeyInputs, session: ZotCredentials, uuid: string, context: Context): Promise<void> {
  // The run may have been cancelled, so the cleanup has its own timeout.
  await revokeKey(inputs.registryUrl, session, uuid, AbortSignal.timeout(5000)).catch((error: unknown) => {
    context.warn(
      `The unused key ${uuid} could not be revoked: ${messageOf(error)} The next run finds it by its label and revokes it.`,
    );
  });
}

async function inSession<T>(
  inputs: ApiKeyInputs,
  context: Context,
  use: (session: SignedIn) => Promise<T>,
): Promise<T> {
  context.progress(`signing in as ${inputs.username}`);
  return signedIn(inputs, context, use);
}

async function prove(inputs: ApiKeyInputs, key: Secret, context: Context): Promise<void> {
  context.progress("proving that the key can create, but neither overwrite nor delete");
  const { registryUrl, username, proofRepository: repository } = inputs;
  const wrong = failures(await measure(keyProof(), { registryUrl, repository, username, key, signal: context.signal }));
  if (wrong.length === 0) return;
  throw new ZotAuthError(
    "KEY_PERMISSIONS_WRONG",
    `The new key of ${username} does not have the expected permissions: ${wrong.join(" ")} It was not stored or handed out. ` +
      "It may push, so zot sees the account's groups: check what accessControl in zot's config grants them.",
  );
}

async function currentDrift(state: ApiKeyState, context: Context): Promise<string> {
  return driftOf(state, await findStoredKey(state.store, context.signal), context);
}

async function driftOf(state: ApiKeyState, held: Secret | undefined, context: Context): Promise<string> {
  if (held === undefined) return `${state.store} is empty or does not exist`;
  if (held.fingerprint !== state.fingerprint) return `${state.store} holds a different key`;
  return (await keyWorks(state.registryUrl, state.username, held, context.signal))
    ? ""
    : "zot no longer accepts the key";
}
