import { formerAfter } from "../blueprint/former.ts";
import type { Former } from "../blueprint/former.ts";
import { applicationsIn, isAccount, isNamed, namesOf, usernameOf } from "../blueprint/objects.ts";
import type { BlueprintObject } from "../blueprint/objects.ts";
import { inlineName, inlineNameFor } from "../blueprint/delivery.ts";
import { forgetInstance } from "../applying/removal/forgetInstance.ts";
import { isAnyLeft } from "../applying/removal/left.ts";
import { oneAtATime } from "../../../core/concurrency/queue.ts";
import { ownerOf } from "../applying/removal/accounts.ts";
import { removeObjects, sweepRemovals } from "../applying/removal/removal.ts";
import { removeLeftWayIn } from "../applying/wayIn.ts";
import { ifAllowed } from "../rights/check.ts";
import { Authentik } from "../client.ts";
import type { AuthentikConnection } from "../client.ts";
import { unlessGone } from "../../../core/serverGone.ts";
import { at } from "../../../core/json.ts";
import { FLOW } from "../compared/models.ts";
import type { Context, Observed, Resource } from "../../../provider/resource.ts";
import { assertAccepted, tellOfAdoption } from "./adoption.ts";
import type { AdoptionArgs } from "./adoption.ts";
import { deleteInline } from "./inlineBlueprint.ts";
import { objectCleanupOutputs } from "./outputs.ts";

/**
 * Cleanup of the blueprint's objects (docs/background/cleanup.md): it is in the state before the blueprint is delivered. Authentik keeps objects that a later
 * blueprint no longer names; this resource knows which they are, also after an interrupted run.
 */
export interface ObjectCleanupInputs extends AdoptionArgs {
  readonly objects: readonly BlueprintObject[];
  /** What the blueprint looks up: never removed. */
  readonly needed: readonly BlueprintObject[];
  /** The application's slug. */
  readonly application: string;
  /** The groups that may sign in. */
  readonly groups: readonly string[];
  /** Where Authentik has the blueprint: a path below its blueprint folder, or `inline:` and a name. Absent in the state of earlier versions. */
  readonly place?: string;
  /** SHA-512 (hex) of the blueprint's text. Absent in the state of earlier versions. */
  readonly hash?: string;
  /** Seconds for their removal. */
  readonly timeout: number;
}

export interface ObjectCleanupState extends ObjectCleanupInputs, Former, Observed {
  /** Whom unmanaged PolicyBindings admit or deny. */
  readonly others: readonly string[];
  /** Files that earlier settings named, and that Authentik's worker may still see. Absent in the state of earlier versions. */
  readonly formerPlaces?: readonly string[];
  /**
   * How often the blueprint or its place has changed. A run that was killed may have delivered one that the settings no longer have, or deleted the one that
   * they have again, and the rows that deliver do not know: with another number, they do it again. Absent in the state of earlier versions.
   */
  readonly deliveries?: number;
}

export const objectCleanup: Resource<ObjectCleanupInputs, ObjectCleanupState> = {
  computed: objectCleanupOutputs,

  // They matter only before objects are made the first time.
  observations: ["declared", "namedBy", "acceptRemoved", "clientSecretFingerprint"],

  // Otherwise, each change of the blueprint would seem to change the key, which depends on the former accounts.
  foresees: ({ inputs, state }) =>
    state === undefined
      ? { deliveries: 0 }
      : { ...formerAfter(state, inputs), deliveries: deliveriesAfter(state, inputs) },

  lookAhead: {
    needs: ["authentikUrl", "authentikToken", "declared", "acceptRemoved"],
    look: async ({ inputs, state }, context) =>
      tellOfAdoption(
        inputs,
        async (authentik) => (state === undefined ? [] : ((await madeIn(state, authentik)) ?? [])),
        context,
      ),
  },

  async create({ declared, namedBy, acceptRemoved, clientSecretFingerprint: _ofPreviews, ...inputs }, context) {
    await assertAccepted({ ...inputs, declared, namedBy, acceptRemoved }, [], context);
    const others = await othersOf(inputs, [], context);
    return {
      id: inputs.application,
      state: { ...inputs, former: [], generation: 1, others, formerPlaces: [], deliveries: 0, drift: "" },
    };
  },

  async read(state, context) {
    return { ...state, others: await othersOf(state, [], context) };
  },

  async update(state, { declared, namedBy, acceptRemoved, clientSecretFingerprint: _ofPreviews, ...inputs }, context) {
    const made = await madeIn(state, new Authentik(inputs, context.signal));
    await assertAccepted({ ...inputs, declared, namedBy, acceptRemoved }, made ?? [], context);
    if (made === undefined) warnOfMove(state, context);
    const { former, generation } = formerAfter(state, inputs);
    // Also those of generations before: an interrupted run may have left them to this one. Of what somebody has made again, the next refresh tells.
    const going = former.map(({ object }) => object);
    const formerPlaces = made === undefined ? [] : await placesLeft(state, inputs, context);
    const others = await othersOf(inputs, going, context);
    const deliveries = deliveriesAfter(state, inputs);
    return { ...inputs, former, generation, others, formerPlaces, deliveries, drift: "" };
  },

  // AppliedBlueprint has removed them, unless a run was interrupted between the blueprint's delivery and its end. This is deleted after it, and after the keys.
  async delete(state, context) {
    const { authentikUrl: url, application } = state;
    await unlessGone({ url, what: `What interrupted runs created for ${application}` }, context, async () =>
      oneAtATime(url, async () => cleanUp(state, context)),
    );
    await unlessGone({ url, what: `The blueprint instance of ${application}` }, context, async () => {
      await forgetAll(state, placesOf(state), context);
    });
  },
};

function deliveriesAfter(
  { hash, place, deliveries = 0 }: ObjectCleanupState,
  inputs: Pick<ObjectCleanupInputs, "hash" | "place">,
): number {
  const isChanged = (hash !== undefined && hash !== inputs.hash) || (place !== undefined && place !== inputs.place);
  return isChanged ? deliveries + 1 : deliveries;
}

function placesOf({ place, formerPlaces = [] }: ObjectCleanupState): readonly string[] {
  return [...formerPlaces, ...(place === undefined ? [] : [place])];
}

/** Files from before the change that the worker may still see. The file of the last settings still exists: BlueprintFileCleanup deletes it later. */
async function placesLeft(
  state: ObjectCleanupState,
  inputs: ObjectCleanupInputs,
  context: Context,
): Promise<readonly string[]> {
  const former = placesOf(state).filter((place) => place !== inputs.place && inlineName(place) === undefined);
  return forgetAll(inputs, [...new Set(former)], context);
}

/** @returns the places of which something may be left */
async function forgetAll(
  connection: AuthentikConnection,
  places: readonly string[],
  context: Context,
): Promise<readonly string[]> {
  const left: string[] = [];
  for (const place of places) if (!(await forgetInstance(connection, place, context))) left.push(place);
  return left;
}

/** Another Authentik knows nothing of the old one, whose token the settings no longer have to name. */
function warnOfMove({ authentikUrl, objects }: ObjectCleanupState, context: Context): void {
  context.warn(
    `authentik.url leads to another Authentik now. What the blueprint created at ${authentikUrl} stays there: ${objects.filter(isNamed).join(", ")}. Delete it there if it is not needed.`,
  );
}

/** The same Authentik by another address has our flow. */
async function isSameAuthentik({ authentikUrl, objects }: ObjectCleanupState, authentik: Authentik): Promise<boolean> {
  if (authentikUrl === authentik.endpoint.url) return true;
  for (const flow of namesOf(objects, FLOW)) if (await authentik.hasFlow(flow)) return true;
  return false;
}

/** The objects that the stack has made there, with the former accounts that are still ours; `undefined` if it is another Authentik. */
async function madeIn(
  state: ObjectCleanupState,
  authentik: Authentik,
): Promise<readonly BlueprintObject[] | undefined> {
  if (!(await isSameAuthentik(state, authentik))) return undefined;
  const accounts = await Promise.all(
    state.former.map(async ({ object }) => {
      const name = usernameOf(object);
      const owner = name === undefined ? undefined : await ifAllowed(async () => ownerOf(authentik, name));
      return owner === "ours" ? [object] : [];
    }),
  );
  return [...state.objects, ...accounts.flat()];
}

async function cleanUp(state: ObjectCleanupState, context: Context): Promise<void> {
  await sweepRemovals(state, context);
  // Those of earlier settings, too: a run that was killed may have delivered by the API.
  const applications = new Set([state.application, ...applicationsIn(state.former.map(({ object }) => object))]);
  for (const application of applications) await deleteInline({ ...state, name: inlineNameFor(application) }, context);
  await removeLeftWayIn(state, context);
  // The change of ci.user may have been interrupted before KeyCleanup knew of it.
  const all = [...state.former.map(({ object }) => object).filter(isAccount), ...state.objects];
  if (await isAnyLeft(new Authentik(state, context.signal), all))
    await removeObjects(state, `all of ${state.application}`, all, context);
}

/**
 * PolicyBindings on the application that people created. They are kept and reported.
 *
 * @param going objects that this run is about to remove, or that an earlier one has removed
 */
async function othersOf(
  { application, groups, ...connection }: ObjectCleanupInputs,
  going: readonly BlueprintObject[],
  context: Context,
): Promise<readonly string[]> {
  const authentik = new Authentik(connection, context.signal);
  const bindings = await ifAllowed(async () => bindingsOf(authentik, application));
  if (bindings === undefined) return [];
  const ours = new Set([...groups, ...going.map((object) => object.slice(object.indexOf("/") + 1))]);
  const others = bindings.map(nameOf).filter((name) => !ours.has(name.replace(/^group /, "")));
  if (others.length > 0) {
    context.warn(
      `The application "${application}" in Authentik has unmanaged PolicyBindings: ${others.join(", ")}. They stay, and also decide who may sign in. ` +
        "Add groups that may sign in to access.signInGroups; delete the others in Authentik if they are not needed.",
    );
  }
  return others;
}

async function bindingsOf(authentik: Authentik, application: string): Promise<readonly unknown[]> {
  const target = await authentik.application(application);
  return target === undefined ? [] : authentik.bindings(String(at(target, "pk")));
}

/** Whom a PolicyBinding is for; its primary key if Authentik names no group, user or policy. */
function nameOf(binding: unknown): string {
  for (const kind of ["group", "user", "policy"]) {
    const name = at(binding, `${kind}_obj`, kind === "user" ? "username" : "name");
    if (typeof name === "string") return `${kind} ${name}`;
  }
  return `PolicyBinding ${String(at(binding, "pk"))}`;
}
