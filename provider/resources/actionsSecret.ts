import { ZotAuthError } from "../../domain/errors.ts";
import type { SecretReference } from "../../domain/secretReference.ts";
import { Forgejo } from "../clients/forgejo.ts";
import type { ForgejoConnection } from "../clients/forgejo.ts";
import { resolveSecret } from "../configuration.ts";
import type { Context, Observed, Resource } from "../resource.ts";

/** The CI key as an Actions secret of one repository or organisation, with a readable variable beside it that says which key it is. */
export interface ActionsSecretInputs extends ForgejoConnection {
  /** `owner/repository`, or an organisation's name. */
  readonly target: string;
  readonly secretName: string;
  /** Where the key is read from when it is written: the key itself never enters the state. */
  readonly source: SecretReference;
  /** Which key: the fingerprint that the key in `source` has to have. */
  readonly fingerprint: string;
  readonly label: string;
  /** RFC 3339. */
  readonly expires: string;
}

export interface ActionsSecretState extends ActionsSecretInputs, Observed {
  /** The repository's or organisation's numeric id: its name can come to mean another one. */
  readonly targetId: number;
}

export const actionsSecret: Resource<ActionsSecretInputs, ActionsSecretState> = {
  computed: ["targetId"],

  diff: ({ inputs, oldInputs }) => ({
    replace: (["forgejoUrl", "target", "secretName"] as const).filter((key) => inputs[key] !== oldInputs[key]),
  }),

  async create(inputs, context) {
    const targetId = await new Forgejo(inputs, context.signal).targetId(inputs.target);
    return { id: `${inputs.target}/${inputs.secretName}`, state: await write(inputs, targetId, context) };
  },

  async read(state, context) {
    const forgejo = new Forgejo(state, context.signal);
    const { target, secretName } = state;
    if ((await forgejo.targetId(target)) !== state.targetId)
      return { ...state, drift: `${target} is another repository than it was` };
    if (!(await forgejo.secretNames(target)).includes(secretName))
      return { ...state, drift: `${target} has no secret ${secretName}` };
    const marker = await forgejo.variable(target, markerName(secretName));
    return {
      ...state,
      drift:
        marker === markerOf(state) ? "" : `the variable ${markerName(secretName)} of ${target} tells of another key`,
    };
  },

  async update(state, inputs, context) {
    const targetId = await new Forgejo(inputs, context.signal).targetId(inputs.target);
    if (targetId !== state.targetId) {
      context.warn(
        `${inputs.target} is another repository than the one that had the secret (id ${targetId}, was ${state.targetId}). It gets the secret now.`,
      );
    }
    return write(inputs, targetId, context);
  },

  async delete(state, context) {
    const forgejo = new Forgejo(state, context.signal);
    try {
      if ((await forgejo.targetId(state.target)) !== state.targetId) return; // another repository under the old name: nothing of ours
    } catch (error) {
      if (error instanceof ZotAuthError && error.code === "FORGEJO_REPOSITORY_UNKNOWN") return; // it went with its repository
      throw error;
    }
    await forgejo.deleteSecret(state.target, state.secretName);
    await forgejo.deleteVariable(state.target, markerName(state.secretName));
  },
};

/** The variable beside the secret; anybody who reads the repository's Actions can see which key it is. */
export function markerName(secretName: string): string {
  return `${secretName}_INFO`;
}

function markerOf({ label, fingerprint, expires }: ActionsSecretInputs): string {
  return `label=${label} fingerprint=${fingerprint} expires=${expires}`;
}

async function write(inputs: ActionsSecretInputs, targetId: number, context: Context): Promise<ActionsSecretState> {
  const key = await resolveSecret(inputs.source, context.signal);
  if (key.fingerprint !== inputs.fingerprint) {
    throw new ZotAuthError(
      "KEY_STORE_CHANGED",
      `${inputs.source} holds another key (fingerprint ${key.fingerprint}) than the one that was made (${inputs.fingerprint}), so it is not given to ${inputs.target}. ` +
        "Run `pulumi refresh` and `pulumi up`: a new key is made then.",
    );
  }
  const forgejo = new Forgejo(inputs, context.signal);
  // The secret first: a marker that tells of a key which is not there yet would hide that.
  await forgejo.putSecret(inputs.target, inputs.secretName, key);
  await forgejo.putVariable(inputs.target, markerName(inputs.secretName), markerOf(inputs));
  return { ...inputs, targetId, drift: "" };
}
