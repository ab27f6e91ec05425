import { createHash } from "node:crypto";
import { unlessUnreadable } from "../../../core/time/lookAhead.ts";
import { oneAtATime } from "../../../core/concurrency/queue.ts";
import type { Context, LookAhead, Observed, Resource } from "../../../provider/resource.ts";
import { markerBeside, placeOf, targetDrift, targetIdFor } from "../secrets/actionsSecrets.ts";
import { isGone, notDeleted, takeBackByMarker } from "../secrets/takeBack.ts";
import { Forgejo } from "../client.ts";
import type { ForgejoConnection } from "../client.ts";
import { isMarker, markerText, ownerOfLabel } from "../secrets/secretMarker.ts";
import type { PushLogin, SecretMarker } from "../secrets/secretMarker.ts";
import { markerName } from "../target.ts";
import { isInOtherRow } from "./otherRow.ts";
import { jobTokenVariableOutputs } from "./outputs.ts";
import { forRecipients } from "./recipients.ts";
import type { RecipientsInputs, RecipientsState } from "./recipients.ts";

/** The variable from which jobs that push with their tokens read where, and how. */
export interface JobTokenVariableInputs extends ForgejoConnection {
  /** `owner/repository`, an organisation's name, or `user:` and the login of the token's user. */
  readonly target: string;
  /** What the variable's name begins with. */
  readonly name: string;
  /** Its owner, in the variable. */
  readonly label: string;
  readonly login: PushLogin;
  /** Of `SecretCleanup`: another one writes the variable again. */
  readonly generation?: number | undefined;
}

export interface JobTokenVariableState extends JobTokenVariableInputs, Observed {
  /** The target's numeric id, since the name can be reused. */
  readonly targetId: number;
}

/** Somebody else's variable of that name is not overwritten. */
const NEED = {
  what: "to tell jobs where they push with their tokens",
  instead: "set another jobToken.name for the account in ci.accounts",
};

/** A preview reports a variable of that name that is somebody else's: `up` would stop at it after it has changed zot. */
const taken: LookAhead<JobTokenVariableInputs, JobTokenVariableState> = {
  needs: ["forgejoUrl", "forgejoToken", "target", "name"],

  async look({ inputs: { target, name, forgejoUrl, forgejoToken }, state }, context) {
    if (state !== undefined && state.name === name && state.forgejoUrl === forgejoUrl) return;
    const variable = `Whether the variable ${markerName(name)} can be written in ${target} is unknown`;
    await unlessUnreadable(variable, context, async (signal) => {
      const forgejo = new Forgejo({ forgejoUrl, forgejoToken }, signal);
      // Fails if the repository was renamed: its old name redirects to the new one.
      await forgejo.targetId(target);
      await markerBeside(forgejo, target, name, NEED);
    });
  },
};

export const jobTokenVariable: Resource<JobTokenVariableInputs, JobTokenVariableState> = {
  computed: jobTokenVariableOutputs,

  // A new address or a new name is an update: FormerSecrets deletes the old variables, once all are written.
  diff: ({ inputs, oldInputs }) => ({ replace: inputs.target === oldInputs.target ? [] : ["target"] }),

  lookAhead: taken,

  async create(inputs, context) {
    return { id: inputs.target, state: await write(inputs, context) };
  },

  async read(state, context) {
    return { ...state, drift: await driftOf(state, context) };
  },

  async update(state, inputs, context) {
    return write(inputs, context, state);
  },

  async delete(state, context) {
    if (isInOtherRow(context, state)) return;
    const { target, name: secretName, label: owner, ...connection } = state;
    const forgejo = new Forgejo(connection, context.signal);
    const variable = { target, secretName, owner, isVariable: true } as const;
    try {
      await takeBackByMarker(forgejo, variable, context);
    } catch (error) {
      // SecretCleanup, which is deleted later, and FormerSecrets, which comes earlier, insist on it.
      if (!isGone(error)) throw error;
      context.warn(notDeleted({ ...variable, url: forgejo.url }, error));
    }
  },
};

/** Of many targets in one row. */
export const jobTokenVariables = forRecipients(jobTokenVariable, ({ name }) => `the variable ${markerName(name)}`);

export type JobTokenVariablesInputs = RecipientsInputs<JobTokenVariableInputs>;
export type JobTokenVariablesState = RecipientsState<JobTokenVariableInputs, JobTokenVariableState>;

function markerOf({ label, target, forgejoUrl, login }: JobTokenVariableInputs): SecretMarker {
  const fingerprint = createHash("sha256").update(JSON.stringify(login)).digest("hex").slice(0, 16);
  return { label, fingerprint, target, url: forgejoUrl, login };
}

async function write(
  inputs: JobTokenVariableInputs,
  context: Context,
  before?: JobTokenVariableState,
): Promise<JobTokenVariableState> {
  const { target, name, label } = inputs;
  const forgejo = new Forgejo(inputs, context.signal);
  const targetId = await targetIdFor(forgejo, target, context, before);
  await oneAtATime(placeOf(forgejo, target, name), async () => {
    const seen = await markerBeside(forgejo, target, name, NEED);
    if (seen !== undefined && ownerOfLabel(seen.label) !== label)
      context.warn(
        `the variable ${markerName(name)} of ${target} belonged to ${seen.label}, and now belongs to ${label}`,
      );
    await forgejo.putVariable(target, markerName(name), markerText(markerOf(inputs)));
  });
  return { ...inputs, targetId, drift: "" };
}

/** The drift that a refresh finds, in one sentence; empty if there is none. */
async function driftOf(state: JobTokenVariableState, context: Context): Promise<string> {
  const { target, name, targetId } = state;
  const forgejo = new Forgejo(state, context.signal);
  const drift = await targetDrift(forgejo, target, targetId);
  if (drift !== "") return drift;
  const found = await forgejo.variable(target, markerName(name));
  if (found === undefined) return `${target} has no variable ${markerName(name)}`;
  return isMarker(found, markerOf(state)) ? "" : `the variable ${markerName(name)} of ${target} has another value`;
}
