import { ZotAuthError } from "../../../../core/errors.ts";
import type { SecretReference } from "../../../../core/secrets/reference.ts";
import type { Secret } from "../../../../core/secrets/secret.ts";
import type { Context } from "../../../../provider/resource.ts";
import { keyWorks, listKeys, revokeKey } from "../../client.ts";
import { warnOfUnmanaged } from "./formerAccounts.ts";
import type { KeyPlace } from "./formerPlaces.ts";
import type { FormerStore, KeyField } from "./formerStores.ts";
import { findStoredKey } from "../storedKey.ts";

/** A field with a key of the account. */
export interface HeldKey<F extends KeyField> {
  readonly field: F;
  readonly key: Secret;
}

/**
 * The key in a field, if it works at one of the places, or was seen there when it did. What does not look like a key of zot is sent nowhere.
 *
 * @param places the first is that of the settings; one of earlier settings that does not answer is passed over
 * @param seen fingerprint of the key that was seen there
 */
export async function heldAt(
  store: SecretReference,
  [place, ...former]: readonly [KeyPlace, ...(readonly KeyPlace[])],
  seen: string | undefined,
  context: Context,
): Promise<readonly HeldKey<KeyField>[]> {
  const key = await findStoredKey(store, context.signal);
  if (key?.reveal().startsWith("zak_") !== true) return [];
  const worksAt = async ({ registryUrl, username }: KeyPlace): Promise<boolean> =>
    keyWorks(registryUrl, username, key, context.signal);
  const heldIn = ({ registryUrl, username }: KeyPlace) => [{ field: { store, registryUrl, username }, key }];
  if (await worksAt(place)) return heldIn(place);
  for (const earlier of former) if (await unlessUnanswered(async () => worksAt(earlier))) return heldIn(earlier);
  return key.fingerprint === seen ? heldIn(place) : [];
}

/** The registry may be gone, and with it the keys. */
async function unlessUnanswered(works: () => Promise<boolean>): Promise<boolean> {
  try {
    return await works();
  } catch (error) {
    if (error instanceof ZotAuthError) return false;
    throw error;
  }
}

/** As {@link heldAt}, of former fields, where their keys were; one that cannot be read is a warning. */
export async function heldInFormer(
  former: readonly FormerStore[],
  context: Context,
): Promise<readonly HeldKey<FormerStore>[]> {
  const held = await Promise.all(
    former.map(async (field) => {
      try {
        const found = await heldAt(field.store, [field], field.seen, context);
        return found.map(({ key }) => ({ field, key }));
      } catch (error) {
        if (!(error instanceof ZotAuthError)) throw error;
        const { store, username, registryUrl } = field;
        context.warn(
          `Whether ${store} still holds a key of ${username} at ${registryUrl} is unknown: ${error.message} Empty the field if it does.`,
        );
        return [];
      }
    }),
  );
  return held.flat();
}

/**
 * Revokes keys with one of them: nobody can sign in there.
 *
 * @param isOurs which of the account's keys, by their labels; the others are reported
 */
export async function revokeWith(
  { field: { registryUrl, username }, key }: HeldKey<KeyField>,
  isOurs: (label: string) => boolean,
  context: Context,
): Promise<void> {
  const credentials = { kind: "key", username, key } as const;
  const keys = await listKeys(registryUrl, credentials, context.signal);
  for (const { label } of keys) if (!isOurs(label)) warnOfUnmanaged({ username, registryUrl }, label, context);
  // The one that revokes the others goes last: it was just used.
  const own = keys.filter(({ label }) => isOurs(label));
  for (const { uuid, label } of own.toSorted((one, other) => Date.parse(one.lastUsed) - Date.parse(other.lastUsed))) {
    context.info(`revoking ${label} of ${username} at ${registryUrl}`);
    await revokeKey(registryUrl, credentials, uuid, context.signal);
  }
}
