/** Stands for an input that nobody knows yet, in previews only. */
export const UNKNOWN: unique symbol = Symbol("unknown");

/** A property value as plain JavaScript. Secrets come unwrapped; the context says which inputs were secret. */
export type Value =
  null | boolean | number | string | typeof UNKNOWN | readonly Value[] | { readonly [key: string]: Value };
export type Values = Readonly<Record<string, Value>>;

/** What a handler may ask the engine, and what it has to heed. */
export interface Context {
  readonly urn: string;
  readonly type: string;
  readonly name: string;
  /** True when nothing may be changed. */
  readonly preview: boolean;
  /** Aborted when the person cancels, and when the resource's custom timeout is over. */
  readonly signal: AbortSignal;
  /** Names of the inputs that were secret. */
  readonly secretInputs: ReadonlySet<string>;
  /** A passing word on the resource's row. */
  progress(message: string): void;
  info(message: string): void;
  warn(message: string): void;
}

export type DiffKind = "add" | "add-replace" | "delete" | "delete-replace" | "update" | "update-replace";

export interface DiffResult {
  readonly changes: "none" | "some";
  /** Properties that need a new object. */
  readonly replaces?: readonly string[];
  readonly deleteBeforeReplace?: boolean;
  /** What a preview shows, by property path. */
  readonly detailed?: Readonly<Record<string, { readonly kind: DiffKind; readonly inputDiff?: boolean }>>;
}

export interface CheckResult {
  readonly inputs: Values;
  readonly failures?: readonly { readonly property: string; readonly reason: string }[];
}

/** One type of resource, as the engine sees it. */
export interface ResourceHandler {
  check?(inputs: Values, oldInputs: Values | undefined, context: Context): Promise<CheckResult>;
  /** Without it, inputs are compared with the inputs of before. */
  diff?(
    request: { readonly id: string; readonly inputs: Values; readonly oldInputs: Values; readonly state: Values },
    context: Context,
  ): Promise<DiffResult>;
  /** What `create` (without `state`) and `update` would give; properties that nobody knows before are `UNKNOWN`. */
  preview(inputs: Values, state: Values | undefined, context: Context): Promise<Values>;
  create(inputs: Values, context: Context): Promise<{ readonly id: string; readonly state: Values }>;
  read?(
    id: string,
    state: Values,
    inputs: Values,
    context: Context,
  ): Promise<{ readonly id: string; readonly state: Values; readonly inputs: Values } | undefined>;
  update?(id: string, state: Values, inputs: Values, context: Context): Promise<Values>;
  delete?(id: string, state: Values, context: Context): Promise<void>;
  /** Outputs that are secret, given the secret inputs. Default: those named as a secret input. */
  secretOutputs?(secretInputs: ReadonlySet<string>): Iterable<string>;
}

/** A function of the provider, called while the program runs. */
export type FunctionHandler = (args: Values, context: Context) => Promise<Values>;

/** A provider: its types and functions by token, each loaded when it is first used. */
export interface ProviderDefinition {
  readonly name: string;
  readonly version: string;
  readonly resources: Readonly<Record<string, () => Promise<ResourceHandler>>>;
  readonly functions?: Readonly<Record<string, () => Promise<FunctionHandler>>>;
  /** Called once, before anything else, with the provider's inputs. */
  configure?(inputs: Values, context: Context): Promise<void>;
}

/** Made or changed only in part: the engine keeps the state and says why it is not whole, so that nothing is lost. */
export class PartialFailure extends Error {
  readonly id: string;
  readonly state: Values;
  readonly reasons: readonly string[];

  constructor(id: string, state: Values, reasons: readonly string[]) {
    super(reasons.join("; "));
    this.id = id;
    this.state = state;
    this.reasons = reasons;
  }
}
