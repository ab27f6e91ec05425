import { ZotAuthError, messageOf } from "../../../core/errors.ts";
import type { SecretMarker } from "../secrets/secretMarker.ts";
import type { SecretReference } from "../../../core/secrets/reference.ts";
import { driftOf, writeSecret, targetIdFor } from "../secrets/actionsSecrets.ts";
import { takeBack } from "../secrets/takeBack.ts";
import { Forgejo } from "../client.ts";
import { isInOtherRow } from "./otherRow.ts";
import { overwrites } from "./overwrites.ts";
import { forRecipients } from "./recipients.ts";
import type { RecipientsInputs, RecipientsState } from "./recipients.ts";
import type { ForgejoConnection } from "../client.ts";
import { resolveSecret } from "../../onePassword/resolver.ts";
import type { Context, Observed, Resource } from "../../../provider/resource.ts";
import { copiedSecretOutputs } from "./outputs.ts";

/**
 * A secret from elsewhere, as an Actions secret of one target. A refresh reads the source and notices a changed value; a preview does not.
 */
export interface CopiedSecretInputs extends ForgejoConnection {
  /** `owner/repository`, an organisation's name, or `user:` and the login of the token's user. */
  readonly target: string;
  readonly secretName: string;
  /** Where the value is read when it is written, and at a refresh: it never enters the state. */
  readonly source: SecretReference;
  /** The owner in the secret's marker. */
  readonly label: string;
  /** Of `SecretCleanup`: another one writes the secret again. */
  readonly generation?: number | undefined;
}

export interface CopiedSecretState extends CopiedSecretInputs, Observed {
  readonly targetId: number;
  /**
   * Identifies the value. Keyed by Forgejo's token, since people choose such secrets and everyone can read this: whoever has that token could
   * read the secret in a workflow anyway.
   */
  readonly fingerprint: string;
}

export const copiedSecret: Resource<CopiedSecretInputs, CopiedSecretState> = {
  computed: copiedSecretOutputs,

  // A new address is an update: FormerSecrets deletes what the old one has, once all are written here.
  diff: ({ inputs, oldInputs }) => ({
    replace: (["target", "secretName"] as const).filter((key) => inputs[key] !== oldInputs[key]),
  }),

  lookAhead: overwrites,

  async create(inputs, context) {
    return { id: `${inputs.target}/${inputs.secretName}`, state: await write(inputs, context) };
  },

  async read(state, context) {
    const forgejo = new Forgejo(state, context.signal);
    const drift = await driftOf(forgejo, placedOf(state));
    return { ...state, drift: drift === "" ? await changeOfSource(forgejo, state, context) : drift };
  },

  async update(state, inputs, context) {
    return write(inputs, context, state);
  },

  async delete(state, context) {
    if (isInOtherRow(context, { ...state, name: state.secretName })) return;
    await takeBack(new Forgejo(state, context.signal), placedOf(state), context);
  },
};

/** Of many targets in one row. */
export const copiedSecrets = forRecipients(copiedSecret, ({ secretName }) => `the secret ${secretName}`);

export type CopiedSecretsInputs = RecipientsInputs<CopiedSecretInputs>;
export type CopiedSecretsState = RecipientsState<CopiedSecretInputs, CopiedSecretState>;

function placedOf(state: CopiedSecretState) {
  const { label, fingerprint, target, secretName, targetId, forgejoUrl: url } = state;
  return { secretName, marker: { label, fingerprint, target, url } satisfies SecretMarker, targetId };
}

/** A source that cannot be read says nothing about the secret, which still works: a warning, no drift. */
async function changeOfSource(forgejo: Forgejo, state: CopiedSecretState, context: Context): Promise<string> {
  const { source, target, secretName } = state;
  const token = await forgejo.token();
  try {
    const value = await resolveSecret(source, context.signal);
    if (value.fingerprintBy(token) === state.fingerprint) return "";
    return `${source} and the secret ${secretName} of ${target} have different values, or forgejo.token has changed`;
  } catch (error) {
    if (!(error instanceof ZotAuthError)) throw error;
    context.warn(
      `could not check whether the secret ${secretName} of ${target} has the value of ${source}: ${messageOf(error)}`,
    );
    return "";
  }
}

async function write(
  inputs: CopiedSecretInputs,
  context: Context,
  before?: CopiedSecretState,
): Promise<CopiedSecretState> {
  const { target, secretName, label, source } = inputs;
  const forgejo = new Forgejo(inputs, context.signal);
  const targetId = await targetIdFor(forgejo, target, context, before);
  const value = await resolveSecret(source, context.signal);
  const fingerprint = value.fingerprintBy(await forgejo.token());
  await writeSecret(forgejo, secretName, { label, fingerprint, target, url: inputs.forgejoUrl }, value, context);
  return { ...inputs, targetId, fingerprint, drift: "" };
}
