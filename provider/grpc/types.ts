/** An input that is not known yet; in previews only. */
export const UNKNOWN: unique symbol = Symbol("unknown");

/** A property value as plain JavaScript. Secrets are unwrapped; the context says which inputs were secret. */
export type Value =
  | null
  | boolean
  | number
  | string
  | typeof UNKNOWN
  | readonly Value[]
  | { readonly [key: string]: Value };
export type Values = Readonly<Record<string, Value>>;

/** What a handler gets from the engine. */
export interface Context {
  /** Empty in functions. */
  readonly urn: string;
  /** Token of the type, or of the function. */
  readonly type: string;
  readonly name: string;
  /** If true, nothing may change. */
  readonly preview: boolean;
  /** Aborted if the user cancels, the resource's custom timeout expires, or the engine dies. */
  readonly signal: AbortSignal;
  /** Names of the inputs that are, or contain, a secret. */
  readonly secretInputs: ReadonlySet<string>;
  /** Inputs of every resource of a type that the program has registered in this run: a deletion must spare what they name. None on `destroy`. */
  declared(type: string): readonly Values[];
  /** Shows a temporary message on the resource's row. */
  progress(message: string): void;
  info(message: string): void;
  warn(message: string): void;
}

export type DiffKind = "add" | "add-replace" | "delete" | "delete-replace" | "update" | "update-replace";

/** One property of a difference. */
export interface PropertyDifference {
  readonly kind: DiffKind;
  /** Whether a preview shows old and new input, instead of old and new output. */
  readonly inputDiff?: boolean;
}

export interface DiffResult {
  readonly changes: "none" | "some";
  /** Properties whose change requires a replacement. */
  readonly replaces?: readonly string[];
  readonly deleteBeforeReplace?: boolean;
  /** What a preview shows, by property path. For a property in `replaces`, the kind becomes a replacing one. */
  readonly detailed?: Readonly<Record<string, PropertyDifference>>;
}

export interface CheckResult {
  readonly inputs: Values;
  readonly failures?: readonly { readonly property: string; readonly reason: string }[];
}

/**
 * One type of resource, as the engine sees it. Handlers fail by throwing: the user sees only the error's message.
 */
export interface ResourceHandler {
  /** Default: accept all inputs. Inputs may be `UNKNOWN` in previews. */
  readonly check?: (inputs: Values, oldInputs: Values | undefined, context: Context) => Promise<CheckResult>;
  /** Default: compare the inputs with the old inputs; a change is an update, or a replacement if there is no `update`. */
  readonly diff?: (
    request: { readonly id: string; readonly inputs: Values; readonly oldInputs: Values; readonly state: Values },
    context: Context,
  ) => Promise<DiffResult>;
  /** The result that `create` (without `state`) or `update` would have; properties that are not known yet are `UNKNOWN`. */
  readonly preview: (inputs: Values, state: Values | undefined, context: Context) => Promise<Values>;
  readonly create: (inputs: Values, context: Context) => Promise<{ readonly id: string; readonly state: Values }>;
  /** Returns `undefined` if the resource no longer exists. For an import, `state` and `inputs` are empty. Default: the state is current. */
  readonly read?: (
    id: string,
    state: Values,
    inputs: Values,
    context: Context,
  ) => Promise<{ readonly id: string; readonly state: Values; readonly inputs: Values } | undefined>;
  readonly update?: (id: string, state: Values, inputs: Values, context: Context) => Promise<Values>;
  readonly delete?: (id: string, state: Values, context: Context) => Promise<void>;
  /** Secret outputs, in addition to those named like a secret input. */
  readonly secretOutputs?: (secretInputs: ReadonlySet<string>) => Iterable<string>;
}

/** A function of the provider, called while the program runs, also in previews. */
export interface FunctionHandler {
  readonly call: (args: Values, context: Context) => Promise<Values>;
  /** Secret results. If an argument is secret, all are. */
  readonly secretOutputs?: readonly string[];
}

/** A provider: its types and functions by token, each loaded on first use. */
export interface ProviderDefinition {
  readonly name: string;
  readonly version: string;
  readonly resources: Readonly<Record<string, () => Promise<ResourceHandler>>>;
  readonly functions?: Readonly<Record<string, () => Promise<FunctionHandler>>>;
  /** Called once, first, with the provider's inputs. The engine skips it if one of them is not known yet. */
  readonly configure?: (inputs: Values, context: Context) => Promise<void>;
  /** What a change of the provider's inputs means. Default: an update, since a different connection does not mean different objects. */
  readonly diff?: (oldInputs: Values, inputs: Values) => DiffResult;
}
