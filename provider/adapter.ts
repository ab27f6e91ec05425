import { Unfinished } from "./resource.ts";
import type { Observed, Resource } from "./resource.ts";
import { PartialFailure, UNKNOWN, compareInputs } from "./grpc/index.ts";
import type { Context, DiffKind, DiffResult, FunctionHandler, ResourceHandler, Value, Values } from "./grpc/index.ts";

/**
 * A {@link Resource} as the engine's handler. The engine passes only what our program and our handlers provided, so the values have
 * the handler's types; this is the only place that asserts so.
 */
export function adapt<I extends object, S extends I & Observed>(resource: Resource<I, S>): ResourceHandler {
  const inputsOf = (values: Values): I => values as unknown as I;
  const stateOf = (values: Values): S => values as unknown as S;
  const valuesOf = (state: I | S): Values => state as unknown as Values;
  const read = resource.read?.bind(resource);
  const update = resource.update?.bind(resource);
  return {
    diff: async (change) => Promise.resolve(diff(resource, change)),
    preview: async (inputs, state, context) => {
      const change =
        state === undefined ? undefined : { inputs: inputsOf(inputs), state: stateOf(state), now: new Date() };
      const keeps = change !== undefined && resource.keeps?.(change) === true;
      const notice = change === undefined ? undefined : resource.notice?.(change);
      if (notice !== undefined) context.warn(notice);
      if (resource.lookAhead?.needs.every((key) => isKnown(inputs[key])) === true)
        await resource.lookAhead.look({ inputs: inputsOf(inputs), state: change?.state }, context);
      const unknown = Object.fromEntries<Value>(Object.keys(resource.computed).map((key) => [key, UNKNOWN]));
      const foreseen = valuesOf({ ...resource.foresees?.({ inputs: inputsOf(inputs), state: change?.state }) } as S);
      return { ...(keeps ? state : unknown), ...foreseen, ...inputs, drift: "" };
    },
    create: async (inputs, context) => {
      const { id, state } = await kept(context, async () => resource.create(inputsOf(inputs), context));
      return { id, state: valuesOf(state) };
    },
    ...(update === undefined
      ? {}
      : {
          update: async (_id, state, inputs, context) =>
            valuesOf(await kept(context, async () => update(stateOf(state), inputsOf(inputs), context))),
        }),
    read: async (id, state, inputs, context) => {
      const seen = read === undefined ? stateOf(state) : await read(stateOf(state), context);
      return seen === undefined ? undefined : { id, state: valuesOf(seen), inputs };
    },
    delete: async (_id, state, context) => resource.delete?.(stateOf(state), context),
  };

  function diff(
    of: Resource<I, S>,
    { inputs, oldInputs, state }: { inputs: Values; oldInputs: Values; state: Values },
  ): DiffResult {
    const found = of.diff?.({
      inputs: inputsOf(inputs),
      oldInputs: inputsOf(oldInputs),
      state: stateOf(state),
      now: new Date(),
    });
    const settings = (values: Values): Values =>
      Object.fromEntries(Object.entries(values).filter(([key]) => !of.observations?.some((seen) => seen === key)));
    const changed = compareInputs(settings(oldInputs), settings(inputs));
    const replaces = of.update === undefined ? Object.keys(changed) : (found?.replace ?? []);
    const detailed: Record<string, { kind: DiffKind; inputDiff?: boolean }> = {};
    for (const [key, { kind }] of Object.entries(changed)) {
      detailed[key] = {
        kind: replaces.includes(key) ? `${kind}-replace` : kind,
        inputDiff: true,
      };
    }
    for (const key of found?.due ?? []) detailed[key] = { kind: "update" };
    // A preview shows the drift that a refresh found as a removal.
    if (state["drift"] !== "" && state["drift"] !== undefined) detailed["drift"] = { kind: "delete" };
    return { changes: Object.keys(detailed).length === 0 ? "none" : "some", replaces, detailed };
  }
}

/** The engine gets what the state keeps of a change that failed. */
async function kept<T>({ secretInputs }: Context, change: () => Promise<T>): Promise<T> {
  try {
    return await change();
  } catch (error) {
    if (!(error instanceof Unfinished)) throw error;
    const { id, state, message } = error;
    throw new PartialFailure(message, { id, state: state as Values, secrets: secretInputs });
  }
}

/** Whether nothing in it is unknown. */
function isKnown(value: Value | undefined): boolean {
  if (typeof value !== "object" || value === null) return value !== UNKNOWN;
  return Object.values(value).every(isKnown);
}

/** A function as the engine's handler. */
export function adaptFunction(call: (args: never, context: Context) => Promise<object>): FunctionHandler {
  return { call: async (args, context) => (await call(args as never, context)) as Values };
}
