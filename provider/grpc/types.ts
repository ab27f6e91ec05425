/** Stands for an input that nobody knows yet, in previews only. */
export const UNKNOWN: unique symbol = Symbol("unknown");

/** A property value as plain JavaScript. Secrets come unwrapped; the context says which inputs were secret. */
export type Value =
  null | boolean | number | string | typeof UNKNOWN | readonly Value[] | { readonly [key: string]: Value };
export type Values = Readonly<Record<string, Value>>;

/** What a handler may ask the engine, and what it has to heed. */
export interface Context {
  /** Empty in functions. */
  readonly urn: string;
  /** Token of the type, or of the function. */
  readonly type: string;
  readonly name: string;
  /** True when nothing may be changed. */
  readonly preview: boolean;
  /** Aborted when the person cancels, when the resource's custom timeout is over, and when the engine is gone. */
  readonly signal: AbortSignal;
  /** Names of the inputs that were, or held, a secret. */
  readonly secretInputs: ReadonlySet<string>;
  /** A passing word on the resource's row. */
  progress(message: string): void;
  info(message: string): void;
  warn(message: string): void;
}

export type DiffKind = "add" | "add-replace" | "delete" | "delete-replace" | "update" | "update-replace";

/** One property of a difference. */
export interface PropertyDifference {
  readonly kind: DiffKind;
  /** True: a preview shows old and new input. Otherwise it shows old and new output. */
  readonly inputDiff?: boolean;
}

export interface DiffResult {
  readonly changes: "none" | "some";
  /** Properties that need a new object. */
  readonly replaces?: readonly string[];
  readonly deleteBeforeReplace?: boolean;
  /** What a preview shows, by property path. The kind for a property named in `replaces` becomes a replacing one by itself. */
  readonly detailed?: Readonly<Record<string, PropertyDifference>>;
}

export interface CheckResult {
  readonly inputs: Values;
  readonly failures?: readonly { readonly property: string; readonly reason: string }[];
}

/**
 * One type of resource, as the engine sees it. Handlers fail by throwing: the message of the error is all that the person sees. What was
 * made only in part is a {@link PartialFailure}.
 */
export interface ResourceHandler {
  /** Without it, every input is taken as it is. Inputs may be `UNKNOWN` in previews. */
  readonly check?: (inputs: Values, oldInputs: Values | undefined, context: Context) => Promise<CheckResult>;
  /** Without it, inputs are compared with the inputs of before; a change is an update, or a replacement where there is no `update`. */
  readonly diff?: (
    request: { readonly id: string; readonly inputs: Values; readonly oldInputs: Values; readonly state: Values },
    context: Context,
  ) => Promise<DiffResult>;
  /** What `create` (without `state`) and `update` would give; properties that nobody knows before are `UNKNOWN`. */
  readonly preview: (inputs: Values, state: Values | undefined, context: Context) => Promise<Values>;
  readonly create: (inputs: Values, context: Context) => Promise<{ readonly id: string; readonly state: Values }>;
  /** `undefined`: it is gone. At an import, `state` and `inputs` are empty. Without it, the state is taken for true. */
  readonly read?: (
    id: string,
    state: Values,
    inputs: Values,
    context: Context,
  ) => Promise<{ readonly id: string; readonly state: Values; readonly inputs: Values } | undefined>;
  readonly update?: (id: string, state: Values, inputs: Values, context: Context) => Promise<Values>;
  readonly delete?: (id: string, state: Values, context: Context) => Promise<void>;
  /** Outputs that are secret beside those that bear the name of a secret input. */
  readonly secretOutputs?: (secretInputs: ReadonlySet<string>) => Iterable<string>;
}

/** A function of the provider, called while the program runs, in previews too. */
export interface FunctionHandler {
  readonly call: (args: Values, context: Context) => Promise<Values>;
  /** Results that are secret. All are where an argument was secret. */
  readonly secretOutputs?: readonly string[];
}

/** A provider: its types and functions by token, each loaded when it is first used. */
export interface ProviderDefinition {
  readonly name: string;
  readonly version: string;
  readonly resources: Readonly<Record<string, () => Promise<ResourceHandler>>>;
  readonly functions?: Readonly<Record<string, () => Promise<FunctionHandler>>>;
  /** Called once, before anything else, with the provider's inputs. The engine leaves it out where one of them is not known yet. */
  readonly configure?: (inputs: Values, context: Context) => Promise<void>;
}

/** Made or changed only in part: the engine keeps the state and says why it is not whole, so that nothing is lost. */
export class PartialFailure extends Error {
  readonly id: string;
  readonly state: Values;
  readonly reasons: readonly string[];

  constructor(id: string, state: Values, reasons: readonly string[]) {
    super(reasons.join("; "));
    this.name = "PartialFailure";
    this.id = id;
    this.state = state;
    this.reasons = reasons;
  }
}
