import type { RunEvents } from "./sources/events.ts";
import { jobsIn } from "./sources/jobs.ts";
import { keyLivesOf } from "./sources/keys.ts";
import { accessProofsIn, proofsOf } from "./sources/proofs.ts";
import type { AccessProof } from "./sources/proofs.ts";
import type { AccessMatrix, Proof, Report, Step } from "./report.ts";
import { stackOutputsIn, stepsOf, versionsOf } from "./sources/state.ts";

/** What is known of a run. */
export interface Run {
  readonly stack: string;
  readonly command: Report["command"];
  readonly ended: Date;
  readonly succeeded: boolean;
  readonly says: readonly string[];
  /** What `pulumi stack export` prints. */
  readonly state: unknown;
  /** What the engine's events say; `undefined` if there are none. */
  readonly events: RunEvents | undefined;
  readonly standIns: readonly string[];
}

/** Builds the report of a run. */
export function buildReport(run: Run): Report {
  const { stack, command, ended, succeeded, says, state, events, standIns } = run;
  const outputs = stackOutputsIn(state);
  const [key, ...furtherKeys] = keyLivesOf(outputs, state);
  const jobs = jobsIn(state);
  const steps = stepsOf(state, events);
  const findings = events?.findings ?? [];
  return {
    version: 1,
    stack,
    command,
    ended: `${ended.toISOString().slice(0, 19)}Z`,
    succeeded,
    says,
    ...(events?.seconds === undefined ? {} : { seconds: events.seconds }),
    ...(key === undefined ? {} : { key }),
    ...(furtherKeys.length === 0 ? {} : { furtherKeys }),
    ...(jobs.length === 0 ? {} : { jobs }),
    steps,
    access: accessOf(run, steps),
    proofs: proofsOf(state).map((proof) => asRun(proof, steps)),
    findings,
    versions: versionsOf(outputs, state),
    standIns,
  };
}

/** The rows of every account. Where the run came to no result for a proof, the state still has that of an earlier run. */
function accessOf(run: Run, steps: readonly Step[]): AccessMatrix {
  const open = steps.filter((step) => step.type === "zot-auth:acceptance:AccessProof" && isOpenState(step));
  const isOutdated = (proof: AccessProof): boolean =>
    open.some(({ urn }) => urn === proof.urn) && !wasMeasuredIn(run, proof);
  const proofs = accessProofsIn(run.state);
  const outdated = open.length > 0 && proofs.every(isOutdated);
  const [checked] = proofs.flatMap((proof) => proof.checked ?? []).sort();
  return {
    ...(checked === undefined ? {} : { checked }),
    rows: proofs.flatMap((proof) =>
      isOutdated(proof) && !outdated ? proof.rows.map((row) => ({ ...row, outdated: true as const })) : proof.rows,
    ),
    ...(outdated ? { outdated } : {}),
  };
}

/** Whether a proof was made in the run, which then failed because of it. */
function wasMeasuredIn({ ended, events }: Run, { checked }: AccessProof): boolean {
  if (checked === undefined || events?.seconds === undefined) return false;
  return Date.parse(checked) >= ended.getTime() - (events.seconds + MARGIN_SECONDS) * 1000;
}

/** From the engine's end to the report. Times are exact to a second. */
const MARGIN_SECONDS = 10;

function isOpenState({ state }: Step): boolean {
  return state === "failed" || state === "not run";
}

/** What the state says of a proof is no longer true once the run has failed in it, or before it. */
function asRun(proof: Proof, steps: readonly Step[]): Proof {
  const step = steps.find(({ name, type }) =>
    proof.step === undefined ? type === `zot-auth:acceptance:${TYPES[proof.group] ?? ""}` : name === proof.step,
  );
  if (step === undefined || !isOpenState(step)) return proof;
  return step.state === "failed"
    ? { ...proof, result: "failed", found: "this run failed in this proof: see the findings" }
    : { ...proof, result: "skipped", found: "this run ended before it" };
}

const TYPES: Readonly<Record<string, string>> = { services: "Services", "sign-in": "SignInProof" };
