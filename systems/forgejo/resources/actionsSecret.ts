import { isDeepStrictEqual } from "node:util";
import { ZotAuthError } from "../../../core/errors.ts";
import type { PushLogin, SecretMarker } from "../secrets/secretMarker.ts";
import type { SecretReference } from "../../../core/secrets/reference.ts";
import { isMarker, markerText } from "../secrets/secretMarker.ts";
import { markerName } from "../target.ts";
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
import { actionsSecretOutputs } from "./outputs.ts";

/** The CI key as an Actions secret of one target, with a readable variable beside it that says which key it is. */
export interface ActionsSecretInputs extends ForgejoConnection {
  /** `owner/repository`, an organisation's name, or `user:` and the login of the token's user. */
  readonly target: string;
  readonly secretName: string;
  /** Where the key is read when it is written: the key itself never enters the state. */
  readonly source: SecretReference;
  /** Which key: the fingerprint that the key in `source` must have. */
  readonly fingerprint: string;
  readonly label: string;
  /** RFC 3339. */
  readonly expires: string;
  /** Absent in the state of earlier versions. */
  readonly login?: PushLogin | undefined;
  /** Of `SecretCleanup`: another one writes the secret again. */
  readonly generation?: number | undefined;
}

export interface ActionsSecretState extends ActionsSecretInputs, Observed {
  /** The target's numeric id, since the name can be reused. */
  readonly targetId: number;
}

export const actionsSecret: Resource<ActionsSecretInputs, ActionsSecretState> = {
  computed: actionsSecretOutputs,

  // A new address or a new name is an update: FormerSecrets deletes the old secrets, once all are written.
  diff: ({ inputs, oldInputs }) => ({ replace: inputs.target === oldInputs.target ? [] : ["target"] }),

  lookAhead: overwrites,

  async create(inputs, context) {
    return { id: inputs.target, state: await write(inputs, context) };
  },

  async read(state, context) {
    return { ...state, drift: await driftOf(new Forgejo(state, context.signal), placedOf(state)) };
  },

  async update(state, inputs, context) {
    return (
      (isLoginAlone(state, inputs) ? await writeMarker(state, inputs, context) : undefined) ??
      write(inputs, context, state)
    );
  },

  async delete(state, context) {
    if (isInOtherRow(context, { ...state, name: state.secretName })) return;
    await takeBack(new Forgejo(state, context.signal), placedOf(state), context);
  },
};

/** Of many targets in one row. */
export const actionsSecrets = forRecipients(actionsSecret, ({ secretName }) => `the secret ${secretName}`);

export type ActionsSecretsInputs = RecipientsInputs<ActionsSecretInputs>;
export type ActionsSecretsState = RecipientsState<ActionsSecretInputs, ActionsSecretState>;

/** Whether the secret stays as it is, and only what the variable says about its use changes. */
function isLoginAlone(state: ActionsSecretState, inputs: ActionsSecretInputs): boolean {
  const written = ["forgejoUrl", "secretName", "source", "fingerprint", "label", "expires"] as const;
  return (
    state.drift === "" &&
    written.every((key) => inputs[key] === state[key]) &&
    !isDeepStrictEqual(inputs.login, state.login)
  );
}

/** Writes the variable alone, unless somebody else has changed it. */
async function writeMarker(
  state: ActionsSecretState,
  inputs: ActionsSecretInputs,
  context: Context,
): Promise<ActionsSecretState | undefined> {
  const forgejo = new Forgejo(inputs, context.signal);
  const { target, secretName } = inputs;
  const targetId = await targetIdFor(forgejo, target, context, state);
  const found = await forgejo.variable(target, markerName(secretName));
  if (found === undefined || ![state, inputs].some((one) => isMarker(found, markerOf(one)))) return undefined;
  await forgejo.putVariable(target, markerName(secretName), markerText(markerOf(inputs)));
  return { ...inputs, targetId, drift: "" };
}

function markerOf({ label, fingerprint, expires, target, forgejoUrl, login }: ActionsSecretInputs): SecretMarker {
  return { label, fingerprint, expires, target, url: forgejoUrl, login };
}

function placedOf(state: ActionsSecretState) {
  return { secretName: state.secretName, marker: markerOf(state), targetId: state.targetId };
}

async function write(
  inputs: ActionsSecretInputs,
  context: Context,
  before?: ActionsSecretState,
): Promise<ActionsSecretState> {
  const forgejo = new Forgejo(inputs, context.signal);
  const targetId = await targetIdFor(forgejo, inputs.target, context, before);
  const key = await resolveSecret(inputs.source, context.signal);
  if (key.fingerprint !== inputs.fingerprint) {
    throw new ZotAuthError(
      "KEY_STORE_CHANGED",
      `${inputs.source} holds a different key (fingerprint ${key.fingerprint}) from the current one (${inputs.fingerprint}), so it was not written to ${inputs.target}. ` +
        "Run `pulumi refresh` and then `pulumi up`, which creates a new key.",
    );
  }
  await writeSecret(forgejo, inputs.secretName, markerOf(inputs), key, context);
  return { ...inputs, targetId, drift: "" };
}
