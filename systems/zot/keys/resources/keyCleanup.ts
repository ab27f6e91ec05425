import { ZotAuthError } from "../../../../core/errors.ts";
import { isUnreachedAndGone, withWayOut } from "../../../../core/gone.ts";
import { HOST_GONE } from "../../host/shell/shell.ts";
import { isOfStack, ownGeneration, plus, rfc3339 } from "../rotation.ts";
import type { SecretReference } from "../../../../core/secrets/reference.ts";
import { isDeclared } from "../../../authentik/applying/removal/accounts.ts";
import type { FormerlyDeclared } from "../../../authentik/blueprint/former.ts";
import type { Delivered } from "../../../authentik/applying/arrival.ts";
import { hasIssuer, sendsBackTo } from "../../../authentik/session/redirects.ts";
import { listKeys, revokeKey } from "../../client.ts";
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
import { emptyFields, formerStoresAfter, heldIn, heldInFormer } from "../former/formerStores.ts";
import type { FormerStores } from "../former/formerStores.ts";
import type { Context, Observed, Resource } from "../../../../provider/resource.ts";
import { signedIn } from "../../signIn/check.ts";
import type { SignInArgs } from "../../signIn/check.ts";

/**
 * Cleanup of the account's keys (docs/cleanup.md): it is in the state before the first key is created, and its deletion revokes all our keys,
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
}

export const keyCleanup: Resource<KeyCleanupInputs, KeyCleanupState> = {
  computed: keyCleanupOutputs,

  keeps: ({ inputs, state }) => inputs.owner === state.owner && keepsFormerAccounts(state, inputs),

  // Otherwise, each other change would seem to look into 1Password's fields.
  foresees: ({ inputs, state }) => formerStoresAfter(state, inputs),

  async create(inputs) {
    const id = `${inputs.username}@${new URL(inputs.registryUrl).host}`;
    const formerAccounts = formerAccountsAfter({ username: inputs.username }, inputs, new Date());
    return Promise.resolve({
      id,
      state: { ...inputs, formerOwners: [], formerAccounts, ...formerStoresAfter(undefined, inputs), drift: "" },
    });
  },

  async update(state, inputs, context) {
    const owners = [...new Set([...(state.formerOwners ?? []), state.owner])];
    const formerOwners = owners.filter((prefix) => prefix !== inputs.owner);
    const former = formerAccountsAfter(state, inputs, new Date());
    const formerAccounts = await withoutForgotten(former, { signIn: inputs }, context);
    return { ...inputs, formerOwners, formerAccounts, ...formerStoresAfter(state, inputs), drift: "" };
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
      // ApiKey has revoked what it knew.
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

async function revokeAllOwn(state: KeyCleanupState, context: Context): Promise<void> {
  const { registryUrl, username, store, stores = [store], onDestroy, formerStores = [] } = state;
  const declared = onDestroy === "blank" ? stores : [];
  // Keys of ours that were not in the state, so that ApiKey did not empty their fields.
  const held = [
    ...(
      await Promise.all(declared.map(async (each) => heldIn({ store: each, registryUrl, username }, context)))
    ).flat(),
    ...(await heldInFormer(formerStores, context)),
  ];
  await revokeOwn(state, context);
  for (const former of state.formerAccounts ?? []) await retireAccount(former, state, actingFor(state), context);
  await emptyFields(held, state, context);
}

/**
 * Revokes our keys of the account. If it cannot sign in any more, since an interrupted run has removed it or changed its group or flow, it gets a way in
 * of its own.
 */
async function revokeOwn(state: KeyCleanupState, context: Context): Promise<void> {
  const { registryUrl, username } = state;
  // Another account of the settings has the name now: what is not ours is that one's to revoke, or to report.
  const isTaken = isDeclared(username, context);
  const isOurs = (label: string): boolean =>
    isTaken ? ownGeneration(state, label) !== undefined : isOfStack(state, label);
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
