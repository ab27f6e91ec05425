import { isDeepStrictEqual } from "node:util";
import { ZotAuthError, messageOf } from "../../../core/errors.ts";
import { inParallel } from "../../../core/concurrency/inParallel.ts";
import { Unfinished } from "../../../provider/resource.ts";
import type { Context, Observed, Resource } from "../../../provider/resource.ts";
import type { ForgejoConnection } from "../client.ts";
import { isAboutTarget } from "../errors.ts";
import { recipientsOutputs } from "./outputs.ts";

/** The generation of `SecretCleanup` of each recipient, 0 if it has none: another one writes it again. */
export type Recipients = Readonly<Record<string, number>>;

/**
 * One row for many recipients, in the place of a row each. Pulumi's file backend writes the whole state before and after the change of each row, so that
 * a row each makes the time of an `up` grow with the square of their number (docs/adr/0016). A recipient gets what its own row would give it.
 */
export type RecipientsInputs<I> = Omit<I, "target" | "generation"> & { readonly recipients: Recipients };

export type RecipientsState<I, S> = RecipientsInputs<I> &
  Observed & {
    /** The outputs that the row of each would have; without those that were never written. */
    readonly written: Readonly<Record<string, Omit<S, keyof I | "drift">>>;
    /** Why the last `up` could not write it. */
    readonly failed: Readonly<Record<string, string>>;
    /** What the last refresh found. */
    readonly drifted: Readonly<Record<string, string>>;
    /**
     * What those have that the last `up` could not write, or take it from, where that differs from the inputs: the old name, say. Their own rows would still
     * have it as their state. Absent in the state of earlier versions.
     */
    readonly former?: Readonly<Record<string, object>>;
  };

/** The inputs of a row for one recipient. */
interface OfRecipient extends ForgejoConnection {
  readonly target: string;
  readonly generation?: number | undefined;
}

/** What only some recipients have. */
const OF_SOME: readonly string[] = ["recipients", "written", "failed", "drifted", "former", "drift"];

/** Some more than there are connections to Forgejo. */
const AT_ONCE = 12;

/**
 * @param one what is done for a recipient
 * @param what it gets, for messages: `the secret ZOT_CI_API_KEY`
 */
export function forRecipients<I extends OfRecipient, S extends I & Observed>(
  one: Resource<I, S>,
  what: (inputs: Omit<I, "target" | "generation">) => string,
): Resource<RecipientsInputs<I>, RecipientsState<I, S>> {
  type Inputs = RecipientsInputs<I>;
  type State = RecipientsState<I, S>;

  // No static type can say that what was taken out of a type is put in again.
  const inputsOf = (values: Inputs, target: string): I => {
    const generation = values.recipients[target] ?? 0;
    return { ...shared(values), target, ...(generation === 0 ? {} : { generation }) } as unknown as I;
  };
  const stateOf = (state: State, target: string): S | undefined => {
    const made = state.written[target];
    if (made === undefined) return undefined;
    const inputs = { ...inputsOf(state, target), ...state.former?.[target] };
    return { ...inputs, ...made, drift: state.drifted[target] ?? "" } as unknown as S;
  };
  const outputsOf = (state: S): State["written"][string] =>
    Object.fromEntries(Object.entries(state).filter(([key]) => key in one.computed)) as State["written"][string];

  async function writeOne(target: string, inputs: Inputs, before: State | undefined, context: Context): Promise<S> {
    const seen = before === undefined ? undefined : stateOf(before, target);
    const wanted = inputsOf(inputs, target);
    if (seen === undefined || one.update === undefined) return (await one.create(wanted, context)).state;
    return one.update(seen, wanted, context);
  }

  async function write(inputs: Inputs, before: State | undefined, context: Context): Promise<State> {
    const due = dueOf(inputs, before);
    const written = { ...before?.written };
    const failed: Record<string, string> = {};
    const left = new Set(due);
    let first: ZotAuthError | undefined;
    // What is wrong with one recipient says nothing about the others. Anything else would fail for all of them.
    const isHopeless = (): boolean => first !== undefined && !isAboutTarget(first);
    await inParallel(
      due,
      AT_ONCE,
      async (target) => {
        try {
          written[target] = outputsOf(await writeOne(target, inputs, before, context));
        } catch (error) {
          if (!(error instanceof ZotAuthError)) throw error;
          if (!isHopeless()) first = error;
          failed[target] = messageOf(error);
        }
        left.delete(target);
        const done = due.length - left.size;
        // Each is a message to the engine.
        if (done % 20 === 0) context.progress(`${done} of ${due.length} recipients`);
      },
      isHopeless,
    );
    for (const target of left) failed[target] = `${target} was not tried any more`;
    const as = [...Object.keys(failed), ...(before === undefined ? [] : leavers(inputs, before))];
    const state = { ...inputs, written, failed, drifted: {}, former: formerOf(inputs, before, as), drift: "" };
    if (first === undefined) return state;
    const [number, all] = [Object.keys(failed).length, Object.keys(inputs.recipients).length];
    const why = isHopeless() ? first.message : some(Object.values(failed), "\n");
    const others = number < all ? "; the others do" : "";
    const message = `${number} of ${all} recipients do not have ${what(inputs)} as declared${others}. ${why}`;
    throw new Unfinished(new ZotAuthError(first.code, message, first), { id: "recipients", state });
  }

  async function takeBack(
    state: State,
    targets: readonly string[],
    context: Context,
    done: (target: string) => void = () => undefined,
  ): Promise<void> {
    await inParallel(targets, AT_ONCE, async (target) => {
      const seen = stateOf(state, target);
      if (seen !== undefined) await one.delete?.(seen, context);
      done(target);
    });
  }

  return {
    computed: recipientsOutputs,

    diff: ({ inputs, state }) => ({
      due: [
        ...(Object.keys(state.failed).length > 0 ? ["failed"] : []),
        // Who leaves now shows as a change of the inputs.
        ...(leavers({ recipients: { ...state.recipients, ...inputs.recipients } }, state).length > 0
          ? ["written"]
          : []),
      ],
    }),

    lookAhead: {
      needs: ["recipients"],

      // Without `--diff`, a preview shows no input: the recipients are named here.
      async look({ inputs, state }, context) {
        const due = dueOf(inputs, state);
        const gone = state === undefined ? [] : leavers(inputs, state);
        if (due.length > 0) context.info(`\`up\` gives ${what(inputs)} to ${due.length}: ${due.join(", ")}.`);
        if (gone.length > 0) context.info(`\`up\` takes ${what(inputs)} from ${gone.length}: ${gone.join(", ")}.`);
        // What is no warning is of the same kind for most of them, and a line each would hide the rest of the preview.
        const notes: string[] = [];
        const quiet: Context = { ...context, info: (text) => void notes.push(text) };
        await inParallel(due, AT_ONCE, async (target) => {
          const seen = state === undefined ? undefined : stateOf(state, target);
          await one.lookAhead?.look({ inputs: inputsOf(inputs, target), state: seen }, quiet);
        });
        if (notes.length > 0) context.info(some(notes, " "));
      },
    },

    async create(inputs, context) {
      return { id: "recipients", state: await write(inputs, undefined, context) };
    },

    async read(state, context) {
      const drifted: Record<string, string> = {};
      await inParallel(Object.keys(state.recipients), AT_ONCE, async (target) => {
        const seen = stateOf(state, target);
        const found = seen === undefined ? undefined : await one.read?.(seen, context);
        if (found !== undefined && found.drift !== "") drifted[target] = found.drift;
      });
      return { ...state, drifted, drift: some(Object.values(drifted), "; ") };
    },

    async update(state, inputs, context) {
      const now = await write(inputs, state, context);
      // As a row of its own would be: after all that is declared has been written.
      const gone = new Set<string>();
      const remaining = (): State => ({
        ...now,
        written: without(now.written, gone),
        former: without(now.former, gone),
      });
      try {
        await takeBack(state, leavers(inputs, state), context, (target) => gone.add(target));
      } catch (error) {
        if (!(error instanceof ZotAuthError)) throw error;
        // The others have what is declared now.
        throw new Unfinished(error, { id: "recipients", state: remaining() });
      }
      return remaining();
    },

    async delete(state, context) {
      await takeBack(state, Object.keys(state.written), context);
    },
  };
}

/** Who is to be written: all if what they share has changed, else those that are new, or not as they should be. */
function dueOf<I, S>(inputs: RecipientsInputs<I>, before: RecipientsState<I, S> | undefined): readonly string[] {
  const targets = Object.keys(inputs.recipients);
  if (before === undefined || !isDeepStrictEqual(shared(before), shared(inputs))) return targets;
  const { written, failed, drifted, recipients } = before;
  return targets.filter(
    (target) =>
      written[target] === undefined ||
      failed[target] !== undefined ||
      drifted[target] !== undefined ||
      recipients[target] !== inputs.recipients[target],
  );
}

/** What they had before the inputs changed, as far as it differs. */
function formerOf<I, S>(
  inputs: RecipientsInputs<I>,
  before: RecipientsState<I, S> | undefined,
  targets: readonly string[],
): Readonly<Record<string, object>> {
  if (before === undefined) return {};
  const now = new Map(Object.entries(shared(inputs)));
  const had = shared(before);
  return Object.fromEntries(
    targets.flatMap((target): readonly (readonly [string, object])[] => {
      if (before.written[target] === undefined) return [];
      const values = Object.entries({ ...had, ...before.former?.[target] });
      const differs = values.filter(([key, value]) => !isDeepStrictEqual(value, now.get(key)));
      return differs.length === 0 ? [] : [[target, Object.fromEntries(differs)]];
    }),
  );
}

function without<V>(values: Readonly<Record<string, V>> | undefined, gone: ReadonlySet<string>): Record<string, V> {
  return Object.fromEntries(Object.entries(values ?? {}).filter(([target]) => !gone.has(target)));
}

function leavers(
  { recipients }: { readonly recipients: Recipients },
  { written }: { readonly written: object },
): readonly string[] {
  return Object.keys(written).filter((target) => recipients[target] === undefined);
}

/** What all recipients have in common. */
function shared(values: object): object {
  return Object.fromEntries(
    Object.entries(values).filter(([key, value]) => !OF_SOME.includes(key) && value !== undefined),
  );
}

/** The first of them, since a screen shows them on one row. */
function some(sentences: readonly string[], between: string): string {
  const first = sentences.slice(0, 5).join(between);
  return sentences.length > 5 ? `${first}${between}and ${sentences.length - 5} more` : first;
}
