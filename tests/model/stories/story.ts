// What can happen in a key's life.
import type { Fault } from "../requests/gate.ts";

/** A run of the CLI, with the settings changed before it and the fault in it. */
export interface RunAct {
  readonly do: "up" | "rotate" | "undo" | "age" | "revoke" | "repositories" | "groups" | "refresh" | "destroy";
  readonly fault?: Fault;
}

/** A change that other people make, or the passing of time. */
export interface OtherAct {
  readonly do: "graceOver" | "secretDeleted" | "markerDeleted" | "fieldEmptied" | "keyRevoked" | "keyByHand";
}

export type Act = RunAct | OtherAct;

export interface Story {
  /** The start: no stack, nor was there ever one; one that was destroyed; or a healthy one. */
  readonly begin: "nothing" | "destroyed" | "whole";
  readonly grace: "0 seconds" | "1 hour";
  readonly acts: readonly Act[];
  /** The final command: `up`; `refresh` and `up`, as `npm run recover` does, after which another `up` must have nothing to do; or `destroy`. */
  readonly end: "up" | "recover" | "destroy";
}

/** A run that is killed before and after each request that changes something; each time, the user goes on. */
export interface Killed extends Pick<Story, "begin" | "grace" | "end"> {
  readonly run: RunAct["do"];
  /** What the user does before the final command. */
  readonly next?: RunAct["do"];
}

/** Changes that only a refresh can find. */
export const HIDDEN: readonly Act["do"][] = ["undo", "secretDeleted", "markerDeleted", "fieldEmptied", "keyRevoked"];
