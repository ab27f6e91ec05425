import { oneAtATime } from "../../../core/concurrency/queue.ts";
import { unlessGone } from "../../../core/serverGone.ts";
import type { Context, Observed, Resource } from "../../../provider/resource.ts";
import { isAnyLeft } from "../applying/removal/left.ts";
import { removeObjects, sweepRemovals } from "../applying/removal/removal.ts";
import { inlineNameFor } from "../blueprint/delivery.ts";
import { applicationsIn, clientIdsOf, isNamed } from "../blueprint/objects.ts";
import type { BlueprintObject } from "../blueprint/objects.ts";
import { Authentik } from "../client.ts";
import type { AuthentikConnection } from "../client.ts";
import { deleteInline } from "./inlineBlueprint.ts";

/**
 * Cleanup of what one blueprint may create (docs/background/cleanup.md): it is in the state before that blueprint is delivered, is named by its objects, and leaves the state once a run
 * with other objects has come to its end. Until then, `AppliedBlueprint` may know nothing of them: the run that delivered them was killed, and so was the one after the next edit.
 */
export interface BlueprintCleanupInputs extends AuthentikConnection {
  /** Without accounts, which `AccountCleanup` removes. */
  readonly objects: readonly BlueprintObject[];
  /** What the blueprint looks up: never removed. */
  readonly needed: readonly BlueprintObject[];
  /** Seconds for their removal. */
  readonly timeout: number;
}

export type BlueprintCleanupState = BlueprintCleanupInputs & Observed;

const TYPE = "zot-auth:authentik:BlueprintCleanup";

export const blueprintCleanup: Resource<BlueprintCleanupInputs, BlueprintCleanupState> = {
  computed: {},

  create: async (inputs) => Promise.resolve({ id: "objects", state: { ...inputs, drift: "" } }),

  update: async (_state, inputs) => Promise.resolve({ ...inputs, drift: "" }),

  async delete(state, context) {
    const { authentikUrl: url, objects } = state;
    const declared = context.declared(TYPE) as readonly object[] as readonly BlueprintCleanupInputs[];
    // ObjectCleanup has said what stays at another address: whoever changes it may no longer reach the old one.
    if (declared.length > 0 && declared.every(({ authentikUrl }) => authentikUrl !== url)) return;
    const kept = new Set(declared.flatMap((of) => [...of.objects, ...of.needed]));
    const going = objects.filter((object) => !kept.has(object));
    if (going.length === 0) return;
    await unlessGone(
      { url, what: `What an earlier blueprint created (${going.filter(isNamed).join(", ")})` },
      context,
      async () => oneAtATime(url, async () => removeLeft(going, state, context)),
    );
  },
};

async function removeLeft(
  going: readonly BlueprintObject[],
  state: BlueprintCleanupState,
  context: Context,
): Promise<void> {
  await sweepRemovals(state, context);
  if (!(await isAnyLeft(new Authentik(state, context.signal), going))) return;
  for (const application of applicationsIn(going))
    await deleteInline({ ...state, name: inlineNameFor(application) }, context);
  await removeObjects(state, "objects of an earlier blueprint", going, context, clientIdsOf(state.objects));
}
