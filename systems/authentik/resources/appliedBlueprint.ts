import { applicationsIn, clientIdsOf, isAccount, isNamed, movedBindings } from "../blueprint/objects.ts";
import type { BlueprintObject } from "../blueprint/objects.ts";
import { arrived, presentInstance } from "../applying/arrival.ts";
import type { Delivered } from "../applying/arrival.ts";
import { whyRejected } from "../applying/diagnosis.ts";
import { leftRemoval, removeObjects, sweepRemovals } from "../applying/removal/removal.ts";
import { oneAtATime } from "../../../core/concurrency/queue.ts";
import { runBlueprint } from "../applying/run.ts";
import { isWayInLeft, removeLeftWayIn } from "../applying/wayIn.ts";
import { inlineName, inlineNameFor } from "../blueprint/delivery.ts";
import { unlessGone } from "../../../core/serverGone.ts";
import { Authentik } from "../client.ts";
import type { AuthentikConnection } from "../client.ts";
import type { Context, Observed, Resource } from "../../../provider/resource.ts";
import type { FormerObject } from "../blueprint/former.ts";
import { deleteInline, deliverInline, leftInline } from "./inlineBlueprint.ts";
import { appliedBlueprintOutputs } from "./outputs.ts";

/** Authentik has applied the delivered blueprint: the hash that it applied last is the text's, from a run that just ended. */
export interface AppliedBlueprintInputs extends AuthentikConnection, Delivered {
  /** The delivered text, to find out why Authentik rejects it. */
  readonly text: string;
  /** What must happen before Authentik's worker has the text, in a sentence. */
  readonly arrival: string;
  /** Names of blueprints that Authentik applies before this one. */
  readonly appliedAfter: readonly string[];
  /** The worker's variable with the client secret. */
  readonly clientSecretVariable: string;
  /** Fingerprint of the client secret: Authentik does not notice that a variable of its worker changed. */
  readonly clientSecretFingerprint: string;
  /** What the blueprint creates; removed on destroy. */
  readonly objects: readonly BlueprintObject[];
  /** What earlier blueprints of this stack created and this one does not. */
  readonly former: readonly FormerObject[];
  /** Of `ObjectCleanup`: with another one, it is applied again. */
  readonly generation?: number | undefined;
}

export interface AppliedBlueprintState extends AppliedBlueprintInputs, Observed {
  /** The blueprint instance's primary key in Authentik. */
  readonly instance: string;
}

export const appliedBlueprint: Resource<AppliedBlueprintInputs, AppliedBlueprintState> = {
  computed: appliedBlueprintOutputs,

  async create(inputs, context) {
    // What an interrupted run may have left. Accounts are removed with their keys.
    const gone = inputs.former.filter(({ object }) => !isAccount(object));
    const state = await oneAtATime(inputs.authentikUrl, async () => apply(inputs, gone, context));
    return { id: inputs.path, state };
  },

  async read(state, context) {
    const authentik = new Authentik(state, context.signal);
    const instance = await presentInstance(authentik, state);
    // Not gone from the state: a blueprint that is created there removes what interrupted runs have left, of which some may be somebody else's by now.
    if (instance === undefined) return { ...state, drift: `the blueprint ${state.path} is not in Authentik` };
    const drift =
      instance.lastAppliedHash === state.hash
        ? (await leftRemoval(authentik)) || (await leftDelivery(state, context)) || (await leftWayIn(authentik))
        : `Authentik last applied different content of ${state.path}`;
    return { ...state, instance: instance.pk, drift };
  },

  async update(state, inputs, context) {
    // Each is removed once: a later object with that name is unmanaged.
    const known = new Set(state.former.map(({ object, generation }) => `${generation} ${object}`));
    const gone = inputs.former.filter(
      ({ object, generation }) => !known.has(`${generation} ${object}`) && !isAccount(object),
    );
    return oneAtATime(inputs.authentikUrl, async () => {
      const applied = await apply(inputs, gone, context);
      if (state.drift !== "") await deleteLeftDelivery(inputs, context);
      return applied;
    });
  },

  async delete(state, context) {
    const { authentikUrl: url } = state;
    await unlessGone(
      { url, what: `The blueprint's objects (${state.objects.filter(isNamed).join(", ")})` },
      context,
      async () =>
        oneAtATime(url, async () => removeObjects(state, `all of ${state.path}`, [...state.objects], context)),
    );
  },
};

async function apply(
  inputs: AppliedBlueprintInputs,
  former: readonly FormerObject[],
  context: Context,
): Promise<AppliedBlueprintState> {
  const gone = former.map(({ object }) => object);
  await sweepRemovals(inputs, context);
  const name = inlineName(inputs.path);
  // A run that changed the delivery, and was interrupted before the settings were taken back, may have deleted it and not recorded that.
  if (name !== undefined) await deliverInline({ ...inputs, name }, context);
  // A provider or an application with a new name is the old one: it has the client id.
  const instance = await applyDelivered(inputs, context);
  for (const former of formerNames(inputs, gone)) await deleteInline({ ...inputs, name: former }, context);
  const all = [...new Set([...gone, ...movedBindings(gone, inputs.objects)])];
  await removeObjects(inputs, `former objects of ${inputs.path}`, all, context, clientIdsOf(inputs.objects));
  await removeLeftWayIn(inputs, context);
  return { ...inputs, instance, drift: "" };
}

/** Recreates what a person or an interrupted run has removed. Call it within {@link oneAtATime}. */
export async function applyAgain(inputs: AuthentikConnection & Delivered, context: Context): Promise<void> {
  await sweepRemovals(inputs, context);
  await applyDelivered(inputs, context);
}

/** Waits until the worker sees the delivered text, applies it, and waits until its hash is the applied one. */
async function applyDelivered(
  inputs: AuthentikConnection & Delivered & Partial<AppliedBlueprintInputs>,
  context: Context,
): Promise<string> {
  const authentik = new Authentik(inputs, context.signal);
  const instance = await arrived(authentik, inputs, inputs.arrival ?? "", context);
  context.progress("applying the blueprint");
  const { text, appliedAfter = [], clientSecretVariable: variable = "" } = inputs;
  const why =
    text === undefined
      ? undefined
      : async () => whyRejected(authentik, instance, { text, appliedAfter, variable, by: "worker" }, context);
  await runBlueprint(authentik, instance, inputs, context, why);
  return instance.pk;
}

/** Names under which a run that was interrupted, before its settings were taken back, may have delivered by the API. */
function formerNames({ path }: Delivered, gone: readonly BlueprintObject[]): readonly string[] {
  return applicationsIn(gone)
    .map(inlineNameFor)
    .filter((name) => name !== inlineName(path));
}

/** As {@link formerNames}, if the blueprint is not delivered by the API now. While the delivery changes, the engine still has to delete what is there. */
function leftNames({ path, objects }: Pick<AppliedBlueprintInputs, "path" | "objects">): readonly string[] {
  return inlineName(path) === undefined ? applicationsIn(objects).map(inlineNameFor) : [];
}

/** The drift if an interrupted run left a way in for a former account; empty if there is none. */
async function leftWayIn(authentik: Authentik): Promise<string> {
  return (await isWayInLeft(authentik))
    ? "an interrupted run left in Authentik what lets a former account sign in to revoke its keys"
    : "";
}

/** The drift if an interrupted run left a delivery; empty if there is none. */
async function leftDelivery(state: AppliedBlueprintState, context: Context): Promise<string> {
  const left = await Promise.all(leftNames(state).map(async (name) => leftInline({ ...state, name }, context)));
  return left.find((drift) => drift !== "") ?? "";
}

async function deleteLeftDelivery(inputs: AppliedBlueprintInputs, context: Context): Promise<void> {
  for (const name of leftNames(inputs)) await deleteInline({ ...inputs, name }, context);
}
