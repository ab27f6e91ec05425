import { takeBackByMarker } from "../actionsSecrets.ts";
import { Forgejo } from "../client.ts";
import type { ForgejoConnection } from "../client.ts";
import type { Context, Observed, Resource } from "../../../provider/resource.ts";

/** An Actions secret that is about to be written. */
export interface SecretToClean {
  readonly target: string;
  readonly secretName: string;
  /** Its owner in the marker, without a generation. */
  readonly owner: string;
}

/**
 * Cleanup of Actions secrets (docs/cleanup.md): it is in the state before the first secret is written. What leaves the settings, and on destroy
 * everything, is deleted by its marker, also where an interrupted run wrote it and no state knows of it.
 */
export interface SecretCleanupInputs extends ForgejoConnection {
  readonly secrets: readonly SecretToClean[];
}

export type SecretCleanupState = SecretCleanupInputs & Observed;

export const secretCleanup: Resource<SecretCleanupInputs, SecretCleanupState> = {
  computed: {},

  diff: ({ inputs, oldInputs }) => ({ replace: inputs.forgejoUrl === oldInputs.forgejoUrl ? [] : ["forgejoUrl"] }),

  async create(inputs) {
    return Promise.resolve({ id: new URL(inputs.forgejoUrl).host, state: { ...inputs, drift: "" } });
  },

  async update(state, inputs, context) {
    const kept = new Set(inputs.secrets.map(nameOf));
    await takeBack(
      inputs,
      state.secrets.filter((secret) => !kept.has(nameOf(secret))),
      context,
    );
    return { ...inputs, drift: "" };
  },

  async delete(state, context) {
    await takeBack(state, state.secrets, context);
  },
};

function nameOf({ target, secretName }: SecretToClean): string {
  return `${target} ${secretName}`;
}

async function takeBack(
  connection: ForgejoConnection,
  secrets: readonly SecretToClean[],
  context: Context,
): Promise<void> {
  const forgejo = new Forgejo(connection, context.signal);
  await Promise.all(secrets.map(async (secret) => takeBackByMarker(forgejo, secret, context)));
}
