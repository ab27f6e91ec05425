import { ZotAuthError } from "../../../../core/errors.ts";
import { isUnreachedAndGone, withWayOut } from "../../../../core/serverGone.ts";
import { HOST_GONE } from "../../host/shell/shell.ts";
import type { SecretReference } from "../../../../core/secrets/reference.ts";
import type { FormerlyDeclared } from "../../../authentik/blueprint/former.ts";
import type { Delivered } from "../../../authentik/applying/arrival.ts";
import { hasIssuer, sendsBackTo } from "../../../authentik/session/redirects.ts";
import { formerAccountsAfter, keepsFormerAccounts, withoutForgotten } from "../former/formerAccounts.ts";
import type { FormerAccount } from "../former/formerAccounts.ts";
import { keyCleanupOutputs } from "./outputs.ts";
import { formerPlacesAfter } from "../former/formerPlaces.ts";
import type { FormerPlace, KeyPlace } from "../former/formerPlaces.ts";
import { formerStoresAfter } from "../former/formerStores.ts";
import type { FormerStores, KeyField } from "../former/formerStores.ts";
import { heldAt, heldInFormer } from "../former/heldKeys.ts";
import type { HeldKey } from "../former/heldKeys.ts";
import { expiryOf, revokeAllOwn } from "../former/revokeAllOwn.ts";
import type { Context, Observed, Resource } from "../../../../provider/resource.ts";
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
      const { onDestroy, formerStores = [] } = state;
      const declared = await heldInStores(state, context);
      const former = await heldInFormer(formerStores, context);
      await revokeAllOwn(state, { declared, onDestroy, former }, context);
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
