import { isDeepStrictEqual } from "node:util";
import type { SecretReference } from "../../../core/secrets/reference.ts";
import type { ForgejoConnection } from "../client.ts";
import type { PushLogin } from "../secrets/secretMarker.ts";
import type { Observed, Resource } from "../../../provider/resource.ts";
import { deleteFormer } from "./formerSecrets.ts";
import { secretCleanupOutputs } from "./outputs.ts";
import { secretId } from "./secretId.ts";

/** An Actions secret that is about to be written. */
export interface SecretToClean {
  readonly target: string;
  readonly secretName: string;
  /** Its owner in the marker, without a generation. */
  readonly owner: string;
  /** Whether there is only the variable, and no secret. Default: no. */
  readonly isVariable?: true;
}

/** A secret that is declared, and what decides what is written. */
export interface DeclaredSecret extends SecretToClean {
  /** Where its value is. Absent in the state of earlier versions. */
  readonly source?: SecretReference | undefined;
  /** What the marker says of its use. */
  readonly login?: PushLogin | undefined;
}

/** A secret that the settings declared before, and no longer do. */
export interface FormerSecret extends SecretToClean, ForgejoConnection {
  /** The generation of the settings that first omitted it: distinguishes a secret that was declared again in between. */
  readonly generation: number;
}

/**
 * Cleanup of Actions secrets (docs/background/cleanup.md): it is in the state before the first secret is written. It knows what leaves the settings, also where
 * an interrupted run wrote it and no state knows of it; `FormerSecrets` deletes that, after the secrets that are declared now have been written. On
 * destroy, everything is deleted by its marker.
 *
 * It also knows what comes back to the settings, or changes back. A run that was killed in between may have deleted or overwritten that, and its row does not know: so
 * the row gets another generation, and writes it again.
 */
export interface SecretCleanupInputs extends ForgejoConnection {
  readonly secrets: readonly (DeclaredSecret | SecretOfMany)[];
  /** Another one writes all of them again. */
  readonly again?: number | undefined;
}

/** The same secret of many targets: to repeat everything else for each would double what the state has of a target. */
export type SecretOfMany = Omit<DeclaredSecret, "target"> & { readonly targets: readonly string[] };

export interface SecretCleanupState extends SecretCleanupInputs, Observed {
  /** Absent in the state of earlier versions, as the generation is. */
  readonly former?: readonly FormerSecret[];
  /** Counts the changes of the settings. */
  readonly generation?: number;
  /** The generation of the settings that declared a secret as it is now, by {@link secretId}. Without those that the first settings declared. */
  readonly generations?: Readonly<Record<string, number>>;
}

export const secretCleanup: Resource<SecretCleanupInputs, SecretCleanupState> = {
  computed: secretCleanupOutputs,

  // Absent in the state of earlier versions, and a preview takes an output that is missing for unknown.
  diff: ({ state }) => ({
    due: (["former", "generations"] as const).filter((output) => state[output] === undefined),
  }),

  // Otherwise, each change of one secret would seem to write all others again.
  foresees: ({ inputs, state }) => countedAfter(state, inputs),

  async create(inputs) {
    const id = new URL(inputs.forgejoUrl).host;
    return Promise.resolve({ id, state: { ...inputs, ...countedAfter(undefined, inputs), drift: "" } });
  },

  async update(state, inputs) {
    return Promise.resolve({ ...inputs, ...countedAfter(state, inputs), drift: "" });
  },

  async delete(state, context) {
    const { forgejoUrl, forgejoToken } = state;
    const declared = eachOf(state.secrets).map((secret) => ({ ...secret, forgejoUrl, forgejoToken, generation: 0 }));
    await deleteFormer(state, [...declared, ...(state.former ?? [])], context);
  },
};

function eachOf(secrets: SecretCleanupInputs["secrets"]): readonly DeclaredSecret[] {
  return secrets.flatMap((secret): readonly DeclaredSecret[] => {
    if (!("targets" in secret)) return [secret];
    const { targets, ...rest } = secret;
    return targets.map((target) => ({ ...rest, target }));
  });
}

/** Of the secrets of many targets. */
function togetherIn(secrets: SecretCleanupInputs["secrets"]): ReadonlySet<string> {
  return new Set(eachOf(secrets.filter((secret) => "targets" in secret)).map(secretId));
}

function countedAfter(
  state: SecretCleanupState | undefined,
  inputs: SecretCleanupInputs,
): Required<Pick<SecretCleanupState, "former" | "generation" | "generations">> {
  if (state === undefined) return { former: [], generation: 1, generations: {} };
  const generation = (state.generation ?? 1) + 1;
  const before = new Map(eachOf(state.secrets).map((secret) => [secretId(secret), secret]));
  const [were, are] = [togetherIn(state.secrets), togetherIn(inputs.secrets)];
  const counted = eachOf(inputs.secrets).flatMap((secret): readonly (readonly [string, number])[] => {
    const id = secretId(secret);
    const earlier = before.get(id);
    const known =
      state.forgejoUrl === inputs.forgejoUrl &&
      state.again === inputs.again &&
      earlier !== undefined &&
      isSame(earlier, secret) &&
      // Set back after a killed run: the row for many was writing, which the rows of each, still in the state, do not know.
      (are.has(id) || !were.has(id));
    const of = known ? state.generations?.[id] : generation;
    return of === undefined ? [] : [[id, of]];
  });
  return { former: formerAfter(state, inputs), generation, generations: Object.fromEntries(counted) };
}

function isSame(before: DeclaredSecret, { source, login, ...secret }: DeclaredSecret): boolean {
  const { source: sourceBefore = source, login: loginBefore, ...rest } = before;
  // Both are absent in the state of earlier versions.
  const isEarlier = before.source === undefined && loginBefore === undefined;
  const isLogin = isEarlier || isDeepStrictEqual(loginBefore, login);
  return isDeepStrictEqual(rest, secret) && sourceBefore === source && isLogin;
}

/** What the state's settings declared, or earlier ones, and these do not. */
function formerAfter(state: SecretCleanupState, inputs: SecretCleanupInputs): readonly FormerSecret[] {
  const { forgejoUrl, forgejoToken } = state;
  const generation = (state.generation ?? 1) + 1;
  const kept = new Set(eachOf(inputs.secrets).map((secret) => nameOf({ ...secret, forgejoUrl: inputs.forgejoUrl })));
  const before = eachOf(state.secrets).map(({ target, secretName, owner, isVariable }) => ({
    target,
    secretName,
    owner,
    ...(isVariable === undefined ? {} : { isVariable }),
    forgejoUrl,
    forgejoToken,
    generation,
  }));
  return [...(state.former ?? []), ...before].filter((secret) => !kept.has(nameOf(secret)));
}

function nameOf({ forgejoUrl, target, secretName }: SecretToClean & Pick<ForgejoConnection, "forgejoUrl">): string {
  return `${forgejoUrl} ${target} ${secretName}`;
}
