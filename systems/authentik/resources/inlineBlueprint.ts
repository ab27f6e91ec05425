import { unlessGone } from "../../../core/serverGone.ts";
import { inlineInstanceName } from "../applying/arrival.ts";
import { whyRejected } from "../applying/diagnosis.ts";
import { Authentik } from "../client.ts";
import type { AuthentikConnection } from "../client.ts";
import { HttpResponse } from "../../../core/http/http.ts";
import type { Context, Observed, Resource } from "../../../provider/resource.ts";
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
  /** Of `ObjectCleanup`: with another one, it is delivered again. */
  readonly generation?: number | undefined;
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
    return { id: inputs.name, state: await deliverInline(inputs, context) };
  },

  async read(state, context) {
    const wanted = inlineInstanceName(state.name, state.hash);
    const all = await ours(state, context);
    const found = all.find(({ name }) => name === wanted);
    const left = all.filter(({ name }) => name !== wanted);
    return found === undefined ? undefined : { ...state, instance: found.pk, drift: driftBy(left) };
  },

  update: async (_state, inputs, context) => deliverInline(inputs, context),

  async delete(state, context) {
    const { authentikUrl: url, name } = state;
    await unlessGone({ url, what: `The blueprint "${name}"` }, context, async () => deleteInline(state, context));
  },
};

/** The drift if an interrupted run left a blueprint with that name prefix, which nothing declares; empty if there is none. */
export async function leftInline(named: Named, context: Context): Promise<string> {
  return driftBy(await ours(named, context));
}

function driftBy([left]: readonly { readonly name: string }[]): string {
  return left === undefined ? "" : `an interrupted run left the blueprint "${left.name}" in Authentik`;
}

/** Deletes every blueprint with that name prefix, even one that is in no state. */
export async function deleteInline(named: Named, context: Context): Promise<void> {
  const authentik = new Authentik(named, context.signal);
  for (const { pk } of await ours(named, context)) await authentik.deleteBlueprint(pk);
}

/** The new text gets its own instance before older ones are deleted: a text that Authentik rejects changes nothing. */
export async function deliverInline(inputs: InlineBlueprintInputs, context: Context): Promise<InlineBlueprintState> {
  const authentik = new Authentik(inputs, context.signal);
  const wanted = inlineInstanceName(inputs.name, inputs.hash);
  const before = await ours(inputs, context);
  let instance = before.find(({ name }) => name === wanted);
  if (instance === undefined) {
    context.progress("creating the blueprint in Authentik");
    const made = await authentik.createBlueprint(wanted, inputs.text, true);
    if (made instanceof HttpResponse) {
      const why = { text: inputs.text, appliedAfter: inputs.appliedAfter, variable: inputs.clientSecretVariable };
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
