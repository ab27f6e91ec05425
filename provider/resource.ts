import { ZotAuthError } from "../core/errors.ts";
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
  /** Outputs that require an update although no input changed: a date that has passed, drift that a refresh found. */
  readonly due?: readonly string[];
}

/** Every state may carry the drift that a refresh found; the next `up` repairs it. */
export interface Observed {
  /** The drift on the server, in one sentence; empty if there is none. */
  readonly drift: string;
}

/**
 * The outputs that are not inputs, by name. `drift`, which every state has, is left out. A name that is missing, or one too many, is a type error.
 * They are in separate files, `outputs.ts`, since the program reads them too and must not load the handlers' clients.
 */
export type Computed<I, S> = { readonly [K in Exclude<keyof S, keyof I | "drift"> & string]: true };

/**
 * A change that failed, and what the state keeps of it nevertheless: what a proof measured is worth knowing also if it is not what was expected. The run
 * fails, and nothing that depends on the resource goes on. The handler's `diff` must say that it is still due: a refresh forgets that it failed.
 */
export class Unfinished extends ZotAuthError {
  readonly id: string;
  readonly state: object;

  constructor(why: ZotAuthError, made: { readonly id: string; readonly state: object }) {
    super(why.code, why.message, why.cause);
    this.id = made.id;
    this.state = made.state;
  }
}

/** What a preview reads on servers: what exists where `up` will write, and what becomes of it. It changes nothing. */
export interface LookAhead<I, S> {
  /** Inputs without which there is nothing to look up: a preview may not know them yet. */
  readonly needs: readonly (keyof I & string)[];
  /**
   * Reports by the context's messages what it finds; nothing if nothing exists.
   *
   * @param state `undefined` before a creation. Before an update it looks only where `up` writes for the first time: previews stay fast
   */
  look(change: { readonly inputs: I; readonly state: S | undefined }, context: Context): Promise<void>;
}

/** Inputs of a proof, which can be asked for again although nothing changed. */
export interface Repeatable {
  /** When this `up` was asked to prove again, RFC 3339. Its absence is no change. */
  readonly again?: string;
}

/** How a proof compares its inputs. */
export const REPEATABLE: Required<Pick<Resource<Repeatable, Repeatable & Observed>, "observations" | "diff">> = {
  observations: ["again"],
  diff: ({ inputs }) => (inputs.again === undefined ? {} : { due: ["result"] }),
};

/**
 * A resource type: plain async functions, without Pulumi. Each can be interrupted at any point and resumed.
 *
 * @typeParam I inputs as the program gives them
 * @typeParam S state: the inputs and the outputs
 */
export interface Resource<I extends object, S extends I & Observed> {
  /** Outputs that are unknown until `create` or `update` has run; a preview shows them as such. */
  readonly computed: Computed<I, S>;
  /**
   * Inputs that an `up` has just observed on a server. A preview omits them, so they are not compared with the old
   * ones, and not kept in the state: `diff` decides by the state.
   */
  readonly observations?: readonly (keyof I & string)[];
  /** Without it, only changed inputs require an update. */
  diff?(change: Change<I, S>): Difference;
  /** Whether an update keeps the computed outputs; otherwise a preview shows them as unknown. Default: no. */
  keeps?(change: Omit<Change<I, S>, "oldInputs">): boolean;
  /** Computed outputs that follow from the inputs, and the state of an update, alone; a preview shows them as they will be. */
  foresees?(change: { readonly inputs: I; readonly state: S | undefined }): Partial<S>;
  /** What a preview says about an update, beyond the changed properties. */
  notice?(change: Omit<Change<I, S>, "oldInputs">): string | undefined;
  /** What a preview says about what exists already where `up` will write. */
  readonly lookAhead?: LookAhead<I, S>;
  create(inputs: I, context: Context): Promise<{ readonly id: string; readonly state: S }>;
  /** Reads the server. `undefined`: the object no longer exists. */
  read?(state: S, context: Context): Promise<S | undefined>;
  /** Without it, every change is a replacement. */
  update?(state: S, inputs: I, context: Context): Promise<S>;
  delete?(state: S, context: Context): Promise<void>;
}

/** A former type that is no longer created: it is only removed from the state. */
export const removedType: Resource<object, Observed> = {
  computed: {},
  create: async () => Promise.reject(new Error("this resource type was removed")),
};
