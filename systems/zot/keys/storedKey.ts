import { ZotAuthError } from "../../../core/errors.ts";
import { unlessUnreadable } from "../../../core/time/lookAhead.ts";
import type { SecretReference } from "../../../core/secrets/reference.ts";
import type { Secret } from "../../../core/secrets/secret.ts";
import type { Context } from "../../../provider/resource.ts";
import { findSecret, vault } from "../../onePassword/resolver.ts";

/** A key that the state records, and where it is stored. */
export interface StoredKey {
  readonly store: SecretReference;
  readonly label: string;
  readonly fingerprint: string;
}

/** The vault is gone, or the token may no longer use it: trying again does not help. */
const OUT_OF_REACH = [
  "ONEPASSWORD_VAULT_UNKNOWN",
  "ONEPASSWORD_SECTION_MISSING",
  "ONEPASSWORD_FORBIDDEN",
  "ONEPASSWORD_READ_ONLY",
];

/** A preview reports a value in the field, which the new key overwrites; and of an item in which it cannot be stored. */
export async function tellOfStored(store: SecretReference, context: Context): Promise<void> {
  await unlessUnreadable(`Whether the key can be stored in ${store} is unknown`, context, async (signal) => {
    await vault().assertItem(store, signal);
    if ((await findSecret(store, signal)) === undefined) return;
    context.warn(
      `${store} holds a value, which \`up\` overwrites with the new key. If it is still needed, store it elsewhere first.`,
    );
  });
}

/** Stores the key. An error after it was stored, such as one about the item's other fields, is a warning: CI is about to use the key. */
export async function storeKey(store: SecretReference, key: Secret, context: Context): Promise<void> {
  context.progress("storing the key in 1Password");
  try {
    await vault().write(store, key, context.signal);
  } catch (error) {
    if (!(error instanceof ZotAuthError) || !(await holds(store, key, context.signal))) throw error;
    context.warn(`The new key is stored in ${store}, but: ${error.message}`);
  }
}

/**
 * Empties the field that held a replaced key, unless it holds something else by now. The new key is stored in another field, so what cannot be
 * emptied is a warning.
 */
export async function blankReplaced({ store, label, fingerprint }: StoredKey, context: Context): Promise<void> {
  try {
    if ((await findSecret(store, context.signal))?.fingerprint !== fingerprint) return;
    await vault().blank(store, context.signal);
    context.info(`emptied ${store}, which held the key "${label}"`);
  } catch (error) {
    if (!(error instanceof ZotAuthError)) throw error;
    context.warn(
      `${store} was not emptied and may still hold the key "${label}", which \`up\` revokes after ci.gracePeriod: ${error.message}`,
    );
  }
}

/** Empties the field on destroy, unless it holds something else by now or the settings say otherwise. */
export async function blankIfHeld(
  { store, label, fingerprint, onDestroy }: StoredKey & { readonly onDestroy: "blank" | "leave" },
  context: Context,
): Promise<void> {
  try {
    if ((await findSecret(store, context.signal))?.fingerprint !== fingerprint) return;
    if (onDestroy === "blank") await vault().blank(store, context.signal);
    else context.info(`${store} keeps the key, which is about to be revoked (ci.onDestroy: leave)`);
  } catch (error) {
    if (!isOutOfReach(error)) throw error;
    context.warn(`${store} was not emptied and may still hold the key "${label}": ${error.message}`);
  }
}

/** The key in the field, or none if 1Password no longer lets this program read it. */
export async function findStoredKey(store: SecretReference, signal: AbortSignal): Promise<Secret | undefined> {
  try {
    return await findSecret(store, signal);
  } catch (error) {
    if (isOutOfReach(error)) return undefined;
    throw error;
  }
}

/** Whether the field holds the key, as far as it can be read. */
async function holds(store: SecretReference, key: Secret, signal: AbortSignal): Promise<boolean> {
  try {
    return (await findSecret(store, signal))?.fingerprint === key.fingerprint;
  } catch (error) {
    if (error instanceof ZotAuthError) return false;
    throw error;
  }
}

function isOutOfReach(error: unknown): error is ZotAuthError {
  return error instanceof ZotAuthError && OUT_OF_REACH.includes(error.code);
}
