import { isDeepStrictEqual } from "node:util";
import type { ForgejoConnection } from "../client.ts";
import type { Observed, Resource } from "../../../provider/resource.ts";
import { deleteFormer } from "./formerSecrets.ts";
import { secretCleanupOutputs } from "./outputs.ts";

/** An Actions secret that is about to be written. */
export interface SecretToClean {
  readonly target: string;
  readonly secretName: string;
  /** Its owner in the marker, without a generation. */
  readonly owner: string;
  /** Whether there is only the variable, and no secret. Default: no. */
  readonly isVariable?: true;
}

/** A secret that the settings declared before, and no longer do. */
export interface FormerSecret extends SecretToClean, ForgejoConnection {
  /** The generation of the settings that first omitted it: distinguishes a secret that was declared again in between. */
  readonly generation: number;
}

/**
 * Cleanup of Actions secrets (docs/cleanup.md): it is in the state before the first secret is written. It knows what leaves the settings, also where
 * an interrupted run wrote it and no state knows of it; `FormerSecrets` deletes that, after the secrets that are declared now have been written. On
 * destroy, everything is deleted by its marker.
 */
export interface SecretCleanupInputs extends ForgejoConnection {
  readonly secrets: readonly SecretToClean[];
}

export interface SecretCleanupState extends SecretCleanupInputs, Observed {
  /** Absent in the state of earlier versions, as the generation is. */
  readonly former?: readonly FormerSecret[];
  /** Counts the changes of the settings. */
  readonly generation?: number;
}

export const secretCleanup: Resource<SecretCleanupInputs, SecretCleanupState> = {
  computed: secretCleanupOutputs,

  // Absent in the state of earlier versions, and a preview takes an output that is missing for unknown.
  diff: ({ state }) => ({ due: state.former === undefined ? ["former"] : [] }),

  keeps: ({ inputs, state }) => isDeepStrictEqual(formerAfter(state, inputs), state.former ?? []),

  async create(inputs) {
    const id = new URL(inputs.forgejoUrl).host;
    return Promise.resolve({ id, state: { ...inputs, former: [], generation: 1, drift: "" } });
  },

  async update(state, inputs) {
    const former = formerAfter(state, inputs);
    return Promise.resolve({ ...inputs, former, generation: (state.generation ?? 1) + 1, drift: "" });
  },

  async delete(state, context) {
    const { forgejoUrl, forgejoToken } = state;
    const declared = state.secrets.map((secret) => ({ ...secret, forgejoUrl, forgejoToken, generation: 0 }));
    await deleteFormer(state, [...declared, ...(state.former ?? [])], context);
  },
};

/** What the state's settings declared, or earlier ones, and these do not. */
function formerAfter(state: SecretCleanupState, inputs: SecretCleanupInputs): readonly FormerSecret[] {
  const { forgejoUrl, forgejoToken } = state;
  const generation = (state.generation ?? 1) + 1;
  const kept = new Set(inputs.secrets.map((secret) => nameOf({ ...secret, forgejoUrl: inputs.forgejoUrl })));
  const before = state.secrets.map((secret) => ({ ...secret, forgejoUrl, forgejoToken, generation }));
  return [...(state.former ?? []), ...before].filter((secret) => !kept.has(nameOf(secret)));
}

function nameOf({ forgejoUrl, target, secretName }: SecretToClean & Pick<ForgejoConnection, "forgejoUrl">): string {
  return `${forgejoUrl} ${target} ${secretName}`;
}
