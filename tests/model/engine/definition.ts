// Providers as the model's engine calls them: the handlers themselves, without gRPC.
import { diffByInputs } from "../../../provider/grpc/index.ts";
import type { Context, ProviderDefinition, ResourceHandler, Values } from "../../../provider/grpc/index.ts";
import type { Kept } from "./state.ts";

export type Definition = Pick<ProviderDefinition, "name" | "resources" | "functions" | "configure">;

/** The providers of an engine, by the packages in the tokens of types. */
export class Providers {
  readonly #definitions: readonly Definition[];
  /** Loaded only once: a story runs so many steps that importing them anew each time would show. */
  readonly #handlers = new Map<string, Promise<ResourceHandler>>();

  constructor(definitions: readonly Definition[]) {
    this.#definitions = definitions;
  }

  async handlerOf(type: string): Promise<ResourceHandler> {
    const handler = this.#handlers.get(type) ?? this.#of(type).resources[type]?.();
    if (handler === undefined) throw new Error(`there is no resource ${type}`);
    this.#handlers.set(type, handler);
    return handler;
  }

  async call(token: string, args: Values, context: Context): Promise<Values> {
    const handler = await this.#of(token).functions?.[token]?.();
    if (handler === undefined) throw new Error(`there is no function ${token}`);
    return handler.call(args, context);
  }

  /** @param type `pulumi:providers:` and the package */
  async configure(type: string, inputs: Values, context: Context): Promise<void> {
    await this.#of(type.slice(PROVIDERS.length)).configure?.(inputs, context);
  }

  #of(token: string): Definition {
    const [name = ""] = token.split(":");
    const found = this.#definitions.find((definition) => definition.name === name);
    if (found === undefined) throw new Error(`the model has no provider ${name}`);
    return found;
  }
}

const PROVIDERS = "pulumi:providers:";

export function isProvider({ type }: Kept): boolean {
  return type.startsWith(PROVIDERS);
}

export type Change = "none" | "update" | "replace" | "deleteAndReplace";

export async function changeOf(
  handler: ResourceHandler,
  { id, inputs: oldInputs, outputs: state }: Kept,
  inputs: Values,
  context: Context,
): Promise<Change> {
  const {
    changes,
    replaces = [],
    detailed = {},
    deleteBeforeReplace = false,
  } = (await handler.diff?.({ id, inputs, oldInputs, state }, context)) ??
  diffByInputs(oldInputs, inputs, handler.update === undefined ? "all" : []);
  if (changes === "none") return "none";
  const replacing = replaces.length > 0 || Object.values(detailed).some(({ kind }) => kind.endsWith("-replace"));
  if (!replacing) return "update";
  return deleteBeforeReplace ? "deleteAndReplace" : "replace";
}
