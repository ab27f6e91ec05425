import { inlineInstanceName } from "../applying/arrival.ts";
import { whyRejected } from "../applying/diagnosis.ts";
import { removeObjects } from "../applying/removal.ts";
import { accepts } from "../applying/trial.ts";
import { after } from "../blueprint/needs.ts";
import { isInTheWay, renderRemoval } from "../blueprint/objects.ts";
import { Authentik } from "../client.ts";
import type { AuthentikConnection } from "../client.ts";
import { HttpResponse } from "../../../core/http/http.ts";
import type { Context, Observed, Resource } from "../../../provider/resource.ts";
import type { FormerObject } from "../blueprint/former.ts";
import { inlineBlueprintOutputs } from "./outputs.ts";

/** The blueprint as text that Authentik itself stores: for homelabs without Kubernetes. */
export interface InlineBlueprintInputs extends AuthentikConnection {
  /** The first part of its name in Authentik; the beginning of the text's hash follows. */
  readonly name: string;
  readonly text: string;
  /** SHA-512 (hex) of the text. */
  readonly hash: string;
  /** Names of blueprints that Authentik applies before this one. */
  readonly appliedAfter: readonly string[];
  /** The variable with the client secret, for an error that names it. */
  readonly clientSecretVariable: string;
  /** What earlier blueprints of this stack created and this one does not. */
  readonly former: readonly FormerObject[];
  /** Seconds for the removal of a former object that is in the way. */
  readonly timeout: number;
}

export interface InlineBlueprintState extends InlineBlueprintInputs, Observed {
  /** The blueprint instance's primary key in Authentik. */
  readonly instance: string;
}

type Named = AuthentikConnection & Pick<InlineBlueprintInputs, "name">;

export const inlineBlueprint: Resource<InlineBlueprintInputs, InlineBlueprintState> = {
  computed: inlineBlueprintOutputs,

  diff: ({ inputs, oldInputs }) => ({ replace: inputs.name === oldInputs.name ? [] : ["name"] }),

  async create(inputs, context) {
    return { id: inputs.name, state: await deliver(inputs, inputs.former, context) };
  },

  async read(state, context) {
    const wanted = inlineInstanceName(state.name, state.hash);
    const found = (await ours(state, context)).find(({ name }) => name === wanted);
    return found === undefined ? undefined : { ...state, instance: found.pk };
  },

  async update(state, inputs, context) {
    // Undefined in the state of earlier versions. Each is removed once: a later object with that name is unmanaged.
    const idOf = ({ object, generation }: FormerObject): string => `${generation} ${object}`;
    const known = new Set(((state.former as typeof state.former | undefined) ?? []).map(idOf));
    return deliver(
      inputs,
      inputs.former.filter((former) => !known.has(idOf(former))),
      context,
    );
  },

  async delete(state, context) {
    await deleteInline(state, context);
  },
};

/** Deletes every blueprint with that name prefix, even one that is in no state. */
export async function deleteInline(named: Named, context: Context): Promise<void> {
  const authentik = new Authentik(named, context.signal);
  for (const { pk } of await ours(named, context)) await authentik.deleteBlueprint(pk);
}

/** The new text gets its own instance before older ones are deleted: a text that Authentik rejects changes nothing. */
async function deliver(
  inputs: InlineBlueprintInputs,
  former: readonly FormerObject[],
  context: Context,
): Promise<InlineBlueprintState> {
  const authentik = new Authentik(inputs, context.signal);
  const wanted = inlineInstanceName(inputs.name, inputs.hash);
  const before = await ours(inputs, context);
  let instance = before.find(({ name }) => name === wanted);
  if (instance === undefined) {
    context.progress("creating the blueprint in Authentik");
    const inTheWay = former.map(({ object }) => object).filter(isInTheWay);
    const create = async () => authentik.createBlueprint(wanted, inputs.text, true);
    let made = await create();
    // Authentik validates a text at once. A client id can have one provider only, and a provider one application: the old ones must be removed before, and
    // only if the text is accepted after that.
    const text = inTheWay.length === 0 ? inputs.text : after(inputs.text, renderRemoval(inTheWay));
    if (made instanceof HttpResponse && inTheWay.length > 0 && (await accepts(authentik, text))) {
      await removeObjects(inputs, `former objects of ${inputs.name}, first`, inTheWay, context);
      made = await create();
    }
    if (made instanceof HttpResponse) {
      const why = { text, appliedAfter: inputs.appliedAfter, variable: inputs.clientSecretVariable };
      throw await whyRejected(authentik, { path: "", name: wanted }, { ...why, by: "server" }, context);
    }
    instance = made;
  }
  for (const { pk } of before.filter(({ name }) => name !== wanted)) await authentik.deleteBlueprint(pk);
  return { ...inputs, instance: instance.pk, drift: "" };
}

async function ours(inputs: Named, context: Context) {
  const named = await new Authentik(inputs, context.signal).blueprintsNamed(`${inputs.name} `);
  return named.filter(({ name }) => /^[0-9a-f]{12}$/.test(name.slice(inputs.name.length + 1)));
}
