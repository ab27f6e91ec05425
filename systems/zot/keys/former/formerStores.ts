import { ZotAuthError } from "../../../../core/errors.ts";
import type { SecretReference } from "../../../../core/secrets/reference.ts";
import type { Secret } from "../../../../core/secrets/secret.ts";
import type { Context } from "../../../../provider/resource.ts";
import { findSecret, vault } from "../../../onePassword/resolver.ts";
import { keyWorks } from "../../client.ts";
import { revokeWith } from "./heldKeys.ts";
import type { HeldKey } from "./heldKeys.ts";
import type { Account } from "../otherKeys/accountKeys.ts";
import { isOfStack } from "../rotation.ts";
import { findStoredKey } from "../storedKey.ts";

/** The type of the rows that say which fields the settings declare. */
export const KEY_CLEANUP = "zot-auth:zot:KeyCleanup";

/** Whose keys a field of 1Password has, and where they work. */
export interface KeyField {
  readonly store: SecretReference;
  readonly registryUrl: string;
  readonly username: string;
}

/** A field that the settings named before, and no longer do. */
export interface FormerStore extends KeyField {
  /** The generation of the fields that first omitted it: distinguishes one that was declared again in between. */
  readonly generation: number;
  /** Fingerprint of a key of the account that the field held then: it is ours, also once it is revoked. */
  readonly seen?: string;
}

/** What earlier settings named, and how often that has changed. */
export interface FormerStores {
  readonly formerStores: readonly FormerStore[];
  readonly storesGeneration: number;
  /**
   * The generation that declared a field, or that asked for another key, without those of the first settings: a run that was killed may have emptied one that was
   * declared again, or filled it with a key that the settings no longer ask for.
   */
  readonly storeGenerations: Readonly<Record<string, number>>;
  /**
   * Fingerprints of keys of the account that the fields held when the settings changed. A run that was killed may have stored one that is in no other state, and once it is
   * revoked, nothing else says that it was ours.
   */
  readonly seen: Readonly<Record<string, string>>;
}

interface Declared extends KeyField, Asked {
  /** All fields; the first is `store`. Absent in the state of earlier versions. */
  readonly stores?: readonly SecretReference[];
}

/** What asks for another key. What the state of earlier versions does not have is absent. */
interface Asked {
  readonly owner?: string;
  readonly lifetime?: number;
  readonly rotationTrigger?: string;
  readonly revocationTrigger?: string;
  readonly zotData?: string;
  /** Also counts if it is absent: the first has none. */
  readonly generation?: number | undefined;
}

const ASKED = [
  "username",
  "registryUrl",
  "owner",
  "lifetime",
  "rotationTrigger",
  "revocationTrigger",
  "zotData",
] as const satisfies readonly (keyof Declared)[];

function asksForAnother(state: Declared, inputs: Declared): boolean {
  return (
    state.generation !== inputs.generation ||
    ASKED.some((key) => state[key] !== undefined && state[key] !== inputs[key])
  );
}

/**
 * The former fields after a change of the settings.
 *
 * @param seen what the fields of the state hold now
 */
export function formerStoresAfter(
  state: (Declared & Partial<FormerStores>) | undefined,
  inputs: Declared,
  seen: FormerStores["seen"] = state?.seen ?? {},
): FormerStores {
  if (state === undefined) return { formerStores: [], storesGeneration: 1, storeGenerations: {}, seen: {} };
  const { stores = [state.store], formerStores = [], storesGeneration = 1, registryUrl, username } = state;
  const declared = inputs.stores ?? [inputs.store];
  const gone = stores.filter((store) => !declared.includes(store));
  const joining = declared.filter((store) => !stores.includes(store));
  const another = asksForAnother(state, inputs);
  const generation = !another && gone.length + joining.length === 0 ? storesGeneration : storesGeneration + 1;
  const seenIn = (store: SecretReference) => (seen[store] === undefined ? {} : { seen: seen[store] });
  const former = [
    ...formerStores,
    ...gone.map((store) => ({ store, registryUrl, username, generation, ...seenIn(store) })),
  ];
  return {
    formerStores: former.filter(({ store }) => !declared.includes(store)),
    storesGeneration: generation,
    storeGenerations: Object.fromEntries(
      declared.flatMap((store) => {
        const of = another || joining.includes(store) ? generation : state.storeGenerations?.[store];
        return of === undefined ? [] : [[store, of]];
      }),
    ),
    seen: Object.fromEntries(Object.entries(seen).filter(([store]) => declared.some((each) => each === store))),
  };
}

/** Those that a resource has not looked into. */
export function newIn(former: readonly FormerStore[], known: readonly FormerStore[]): readonly FormerStore[] {
  return former.filter(
    ({ store, generation }) => !known.some((other) => other.store === store && other.generation === generation),
  );
}

/**
 * Empties the fields whose keys no longer work, now that ours are revoked: so they were ours, wherever a run that was killed had stored them. The current key is emptied
 * from fields that the settings no longer name.
 *
 * @param current the current key; none on destroy
 * @returns the fields with keys that still work, such as those in their grace period
 */
export async function emptyFields<F extends KeyField>(
  held: readonly HeldKey<F>[],
  { registryUrl, username, current, ...owner }: Account & { readonly current?: Secret },
  context: Context,
): Promise<readonly F[]> {
  const left: F[] = [];
  for (const { field, key } of held) {
    const works = async (): Promise<boolean> => keyWorks(field.registryUrl, field.username, key, context.signal);
    try {
      if (key.fingerprint === current?.fingerprint) {
        if (await isDeclaredField(field.store, context)) continue;
      } else {
        const isSame =
          field.registryUrl === registryUrl ||
          (current !== undefined && (await keyWorks(field.registryUrl, username, current, context.signal)));
        // Nothing else can revoke it there: the settings name another registry.
        if (!isSame && (await works())) await revokeWith({ field, key }, (label) => isOfStack(owner, label), context);
        if (await works()) {
          left.push(field);
          continue;
        }
      }
      await empty(field.store, key, context);
    } catch (error) {
      if (!(error instanceof ZotAuthError)) throw error;
      context.warn(`${field.store} was not emptied and may still hold a key of ${field.username}: ${error.message}`);
    }
  }
  return left;
}

/** Empties a field, if it still holds that key. */
export async function empty(store: SecretReference, key: Secret, context: Context): Promise<void> {
  if ((await findSecret(store, context.signal))?.fingerprint !== key.fingerprint) return;
  await vault().blank(store, context.signal);
  context.info(`emptied ${store}, which held a key that CI does not use`);
}

/** Whether the settings declare the field, perhaps under another name of its vault or item. */
export async function isDeclaredField(store: SecretReference, context: Context): Promise<boolean> {
  const isReadable = async (field: SecretReference): Promise<boolean> =>
    (await findStoredKey(field, context.signal)) !== undefined;
  if (!(await isReadable(store))) return false;
  const declared = context.declared(KEY_CLEANUP).flatMap(({ stores }) => (stores ?? []) as readonly SecretReference[]);
  for (const other of declared)
    if ((await isReadable(other)) && (await vault().isSameField(store, other, context.signal))) return true;
  return false;
}
