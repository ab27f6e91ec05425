import { ownGeneration } from "./rotation.ts";
import type { SecretReference } from "../../../core/secrets/reference.ts";
import type { Delivered } from "../../authentik/applying/arrival.ts";
import { Authentik } from "../../authentik/client.ts";
import { keyWorks, listKeys, revokeKey } from "../client.ts";
import { vault } from "../../onePassword/resolver.ts";
import { keyCleanupOutputs } from "./outputs.ts";
import { findStoredKey } from "./storedKey.ts";
import type { Context, Observed, Resource } from "../../../provider/resource.ts";
import { signedIn } from "../signIn/check.ts";
import type { SignInArgs } from "../signIn/check.ts";
import { applyAgain } from "../../authentik/resources/appliedBlueprint.ts";

/**
 * Cleanup of the account's keys (docs/cleanup.md): it is in the state before the first key is created, and its deletion revokes all our keys,
 * even one that an interrupted run created and that is in no state.
 */
export interface KeyCleanupInputs extends SignInArgs {
  /** The blueprint that creates the account. Absent in the state of earlier versions. */
  readonly blueprint?: Delivered;
  /** The prefix of the keys' labels. */
  readonly owner: string;
  /** Where the current key is stored. */
  readonly store: SecretReference;
  readonly onDestroy: "blank" | "leave";
}

export interface KeyCleanupState extends KeyCleanupInputs, Observed {
  /** Earlier prefixes of the keys' labels: the stack was renamed. Absent in the state of earlier versions. */
  readonly formerOwners?: readonly string[];
}

export const keyCleanup: Resource<KeyCleanupInputs, KeyCleanupState> = {
  computed: keyCleanupOutputs,

  diff: ({ inputs, oldInputs }) => ({ replace: inputs.username === oldInputs.username ? [] : ["username"] }),

  keeps: ({ inputs, state }) => inputs.owner === state.owner,

  async create(inputs) {
    const id = `${inputs.username}@${new URL(inputs.registryUrl).host}`;
    return Promise.resolve({ id, state: { ...inputs, formerOwners: [], drift: "" } });
  },

  async update({ owner, formerOwners = [] }, inputs) {
    const former = [...new Set([...formerOwners, owner])].filter((prefix) => prefix !== inputs.owner);
    return Promise.resolve({ ...inputs, formerOwners: former, drift: "" });
  },

  async delete(state, context) {
    const { registryUrl, username, store, onDestroy } = state;
    const { signal } = context;
    context.progress(`signing in as ${username}`);
    const works = async (): Promise<boolean> => {
      const held = await findStoredKey(store, signal);
      return held !== undefined && (await keyWorks(registryUrl, username, held, signal));
    };
    const held = await works();
    await ensureAccount(state, context);
    await signedIn(state, context, async ({ zot: { credentials } }) => {
      context.progress("revoking the keys");
      for (const { uuid, label } of await listKeys(registryUrl, credentials, signal)) {
        if (ownGeneration(state, label) === undefined) warnOfUnmanaged(state, label, context);
        else await revokeKey(registryUrl, credentials, uuid, signal);
      }
    });
    // One of our keys that was not in the state, so ApiKey did not blank it.
    if (held && onDestroy === "blank" && !(await works())) await vault().blank(store, signal);
  },
};

/** An interrupted destroy may have removed the account, and a later `up` may have created a key: only the account can list its keys. */
async function ensureAccount({ blueprint, username, ...connection }: KeyCleanupState, context: Context): Promise<void> {
  if (blueprint === undefined) return;
  if ((await new Authentik(connection, context.signal).user(username)) !== undefined) return;
  context.progress(`recreating the account ${username}: only it can list its keys`);
  await applyAgain({ ...connection, ...blueprint }, context);
}

function warnOfUnmanaged({ username }: KeyCleanupState, label: string, context: Context): void {
  context.warn(
    `${username} has an unmanaged key, "${label}", which is not revoked: zot accepts it even without the account. Revoke it in zot's UI if it is not needed.`,
  );
}
