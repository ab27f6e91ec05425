import { at } from "../core/json.ts";
import type { RunEvents } from "./events.ts";
import type { Report } from "./report.ts";
import { accessOf, keyLifeOf, proofsOf, stepsOf, versionsOf } from "./state.ts";

/** What is known of a run. */
export interface Run {
  readonly stack: string;
  readonly command: Report["command"];
  readonly ended: Date;
  readonly succeeded: boolean;
  readonly says: readonly string[];
  /** What `pulumi stack export` prints. */
  readonly state: unknown;
  /** What the engine's events told; `undefined` if there are none. */
  readonly events: RunEvents | undefined;
  readonly standIns: readonly string[];
}

/** Builds the report of a run. */
export function buildReport({ stack, command, ended, succeeded, says, state, events, standIns }: Run): Report {
  const outputs = outputsIn(state);
  const key = keyLifeOf(outputs, state);
  return {
    version: 1,
    stack,
    command,
    ended: `${ended.toISOString().slice(0, 19)}Z`,
    succeeded,
    says,
    ...(events?.seconds === undefined ? {} : { seconds: events.seconds }),
    ...(key === undefined ? {} : { key }),
    steps: stepsOf(state, events),
    access: accessOf(state),
    proofs: proofsOf(state),
    findings: events?.findings ?? [],
    versions: versionsOf(outputs, state),
    standIns,
  };
}

/** The outputs of the stack itself. */
function outputsIn(state: unknown): unknown {
  const resources = at(state, "deployment", "resources");
  if (!Array.isArray(resources)) return undefined;
  return at(
    resources.find((resource) => at(resource, "type") === "pulumi:pulumi:Stack"),
    "outputs",
  );
}
