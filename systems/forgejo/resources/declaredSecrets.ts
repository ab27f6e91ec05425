import { takeBackByMarker } from "../actionsSecrets.ts";
import { Forgejo } from "../client.ts";
import type { ForgejoConnection } from "../client.ts";
import type { Context, Observed, Resource } from "../../../provider/resource.ts";

/** An Actions secret that is about to be written. */
export interface DeclaredSecret {
  readonly target: string;
  readonly secretName: string;
  /** Whose it is, as its marker says, without a generation. */
  readonly owner: string;
}

/**
 * Which secrets are about to be written, noted before the first one is: a run that is cut off between a secret and the state that tells of it
 * leaves this, so that it can be found and taken back. It changes nothing until something of it goes.
 */
export interface DeclaredSecretsInputs extends ForgejoConnection {
  readonly secrets: readonly DeclaredSecret[];
}

export type DeclaredSecretsState = DeclaredSecretsInputs & Observed;

export const declaredSecrets: Resource<DeclaredSecretsInputs, DeclaredSecretsState> = {
  computed: [],

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

function nameOf({ target, secretName }: DeclaredSecret): string {
  return `${target} ${secretName}`;
}

async function takeBack(
  connection: ForgejoConnection,
  secrets: readonly DeclaredSecret[],
  context: Context,
): Promise<void> {
  const forgejo = new Forgejo(connection, context.signal);
  await Promise.all(secrets.map(async (secret) => takeBackByMarker(forgejo, secret, context)));
}
