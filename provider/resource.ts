import type { Context } from "./grpc/types.ts";

export type { Context } from "./grpc/types.ts";

/** What a resource's `diff` decides by: settings, state and the clock. No network, no secrets, so that a preview is fast. */
export interface Change<I, S> {
  readonly inputs: I;
  readonly oldInputs: I;
  readonly state: S;
  readonly now: Date;
}

/** What `diff` found. Properties are named as a preview shows them. */
export interface Difference {
  /** Inputs whose change needs a new object. */
  readonly replace?: readonly string[];
  /** Outputs that make an update due though no input changed: a date that has come, drift that a refresh found. */
  readonly due?: readonly string[];
}

/** Every state may carry what a refresh found wrong; the next `up` repairs it. */
export interface Observed {
  /** What is wrong on the server, in one sentence; empty when nothing is. */
  readonly drift: string;
}

/**
 * The outputs that are not inputs, by name. `drift`, which every state has, is left out. A name that is missing, or one too many, is a type error.
 * They stand in files of their own, `outputs.ts`, since the program reads them too and must not load the handlers' clients for it.
 */
export type Computed<I, S> = { readonly [K in Exclude<keyof S, keyof I | "drift"> & string]: true };

/**
 * One kind of resource: plain async functions, without Pulumi. All of them can be interrupted at any point and resumed.
 *
 * @typeParam I inputs as the program gives them
 * @typeParam S state: the inputs and what became of them
 */
export interface Resource<I extends object, S extends I & Observed> {
  /** Outputs that are unknown until `create` or `update` has run; a preview shows them as such. */
  readonly computed: Computed<I, S>;
  /**
   * Inputs that say what an `up` has just seen on a server. A preview asks no server and leaves them out, so they are not compared with the old
   * ones, and not kept in the state: `diff` decides by the state.
   */
  readonly observations?: readonly (keyof I & string)[];
  /** Without it only changed inputs make an update due. */
  diff?(change: Change<I, S>): Difference;
  /** Whether an update leaves the computed outputs as they are; a preview shows them as unknown otherwise. Default: no. */
  keeps?(change: Omit<Change<I, S>, "oldInputs">): boolean;
  create(inputs: I, context: Context): Promise<{ readonly id: string; readonly state: S }>;
  /** Looks at the server. `undefined`: the object does not exist any more. */
  read?(state: S, context: Context): Promise<S | undefined>;
  /** Without it every change is a replacement. */
  update?(state: S, inputs: I, context: Context): Promise<S>;
  delete?(state: S, context: Context): Promise<void>;
}

/** A type that no version makes any more: it only leaves the state. */
export const removedType: Resource<object, Observed> = {
  computed: {},
  create: async () => Promise.reject(new Error("this resource type was removed")),
};
