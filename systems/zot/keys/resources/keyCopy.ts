import { ZotAuthError } from "../../../../core/errors.ts";
import type { SecretReference } from "../../../../core/secrets/reference.ts";
import type { Context, Observed, Resource } from "../../../../provider/resource.ts";
import { resolveSecret } from "../../../onePassword/resolver.ts";
import { isDeclaredField } from "../former/formerStores.ts";
import { blankIfHeld, findStoredKey, storeKey, tellOfStored } from "../storedKey.ts";

/** A copy of the key in another 1Password field. */
export interface KeyCopyInputs {
  /** Where the key is read: the key itself never enters the state. */
  readonly source: SecretReference;
  /** Where the copy is written. */
  readonly store: SecretReference;
  /** Which key: the fingerprint that the key in `source` must have. */
  readonly fingerprint: string;
  readonly label: string;
  readonly onDestroy: "blank" | "leave";
  /** Of `KeyCleanup`: another one writes the copy again. */
  readonly storeGeneration?: number | undefined;
}

export type KeyCopyState = KeyCopyInputs & Observed;

export const keyCopy: Resource<KeyCopyInputs, KeyCopyState> = {
  computed: {},

  lookAhead: {
    needs: ["store"],
    look: async ({ inputs: { store }, state }, context) => {
      if (store !== state?.store) await tellOfStored(store, context);
    },
  },

  async create(inputs, context) {
    return { id: inputs.store, state: await copy(inputs, context) };
  },

  async read(state, context) {
    const held = await findStoredKey(state.store, context.signal);
    const drift =
      held === undefined
        ? `${state.store} is empty or does not exist`
        : held.fingerprint === state.fingerprint
          ? ""
          : `${state.store} holds a different key`;
    return { ...state, drift };
  },

  // The field names the resource, so it never changes.
  update: async (_state, inputs, context) => copy(inputs, context),

  async delete(state, context) {
    if (!(await isDeclaredField(state.store, context))) await blankIfHeld(state, context);
  },
};

async function copy(inputs: KeyCopyInputs, context: Context): Promise<KeyCopyState> {
  const { source, store, fingerprint } = inputs;
  const key = await resolveSecret(source, context.signal);
  if (key.fingerprint !== fingerprint) {
    throw new ZotAuthError(
      "KEY_STORE_CHANGED",
      `${source} holds a different key (fingerprint ${key.fingerprint}) from the current one (${fingerprint}), so it was not copied to ${store}. ` +
        "Run `pulumi refresh` and then `pulumi up`, which creates a new key.",
    );
  }
  await storeKey(store, key, context);
  return { ...inputs, drift: "" };
}
