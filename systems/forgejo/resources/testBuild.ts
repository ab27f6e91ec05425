import { isDeepStrictEqual } from "node:util";
import { again } from "../../../core/http/retryAttempt.ts";
import { at } from "../../../core/json.ts";
import { ZotAuthError } from "../../../core/errors.ts";
import { Forgejo } from "../client.ts";
import type { ForgejoConnection, WorkflowRun } from "../client.ts";
import { endOfLog } from "../jobs/jobLog.ts";
import { jobsOf, logOf } from "../jobs/jobs.ts";
import { proving } from "../../../core/proofRow.ts";
import { waitFor } from "../../../core/time/wait.ts";
import { REPEATABLE } from "../../../provider/resource.ts";
import type { Context, Observed, Repeatable, Resource } from "../../../provider/resource.ts";
import { testBuildOutputs } from "./outputs.ts";

/** A build in CI that pushes with the secret in Forgejo: dispatches the workflow and waits for its end. */
export interface TestBuildInputs extends Repeatable, ForgejoConnection {
  readonly repository: string;
  /** The workflow's file name. */
  readonly workflow: string;
  readonly ref: string;
  readonly inputs: Readonly<Record<string, string>>;
  /** Seconds. */
  readonly timeout: number;
  /** What the result depends on; a new key, or another name of its secret, needs a new build. */
  readonly proves: Readonly<Record<string, string>>;
  /** Whether it shows what a job's token can do, and not that a build works with the key. Default: no. */
  readonly isJobTokenProof?: boolean;
}

export interface TestBuildState extends TestBuildInputs, Observed {
  readonly run: number;
  readonly runUrl: string;
  readonly result: string;
}

/** Only these end a run: one job of several can be done while the run is still `blocked` or `waiting`. */
const FINAL = ["success", "failure", "cancelled", "skipped"];

export const testBuild: Resource<TestBuildInputs, TestBuildState> = {
  computed: testBuildOutputs,
  ...REPEATABLE,

  async create(inputs, context) {
    return { id: `${inputs.repository}/${inputs.workflow}`, state: await proving(async () => build(inputs, context)) };
  },

  async update(state, inputs, context) {
    if (isOnlyNamed(state, inputs)) return { ...state, ...inputs };
    return proving(async () => build(inputs, context));
  },
};

/** Earlier versions did not write down the secret's name. The build that has passed is no other one for that. */
function isOnlyNamed(state: TestBuildState, inputs: TestBuildInputs): boolean {
  const { secretName } = inputs.proves;
  if (secretName === undefined || "secretName" in state.proves) return false;
  const named: TestBuildInputs = { ...state, proves: { ...state.proves, secretName } };
  return Object.entries(inputs).every(([key, value]) => isDeepStrictEqual(value, named[key as keyof TestBuildInputs]));
}

/** A run has no mark of ours: after a lost response, a new one with our inputs is the one that it was about. */
async function dispatched(forgejo: Forgejo, inputs: TestBuildInputs, { signal }: Context): Promise<number> {
  const { repository, workflow, ref, isJobTokenProof = false } = inputs;
  const setting = isJobTokenProof ? "jobToken.proof of the account" : "acceptance.workflow and acceptance.workflows";
  const dispatch = async (): Promise<number> => forgejo.dispatch(repository, workflow, ref, inputs.inputs, setting);
  const before = await forgejo.dispatchedRuns(repository);
  if (before === undefined) return dispatch();
  const newest = Math.max(0, ...before.map(({ id }) => id));
  return again(dispatch, signal, async () => {
    const runs = await forgejo.dispatchedRuns(repository);
    return runs?.find(
      ({ id, workflow: of, inputs: by }) => id > newest && of === workflow && hasInputs(by, inputs.inputs),
    )?.id;
  });
}

/** Forgejo drops inputs that the workflow does not declare. */
function hasInputs(actual: unknown, given: TestBuildInputs["inputs"]): boolean {
  return Object.entries(given).every(([name, value]) => (at(actual, name) ?? value) === value);
}

async function build(inputs: TestBuildInputs, context: Context): Promise<TestBuildState> {
  const forgejo = new Forgejo(inputs, context.signal);
  context.progress("starting the workflow");
  const id = await dispatched(forgejo, inputs, context);
  const run = await ended(forgejo, inputs, id, context);
  if (run.status !== "success") {
    const log = await failedLogs(forgejo, inputs.repository, id, context);
    throw new ZotAuthError(
      "TEST_BUILD_FAILED",
      inputs.isJobTokenProof === true
        ? `The proof of job tokens, ${inputs.workflow} in ${inputs.repository}, ended as ${run.status}: see its log at ${run.url}. Keys work as before. Correct what the log names, and run again; until then, no further repository gets the variable for its token.${log}`
        : `The test build ${inputs.workflow} ended as ${run.status}: see its log at ${run.url}. CI has its key${secretOf(inputs)}, and nothing was rolled back; correct the workflow or its runner, and run again.${log}`,
    );
  }
  return { ...inputs, run: id, runUrl: run.url, result: run.status, drift: "" };
}

function secretOf({ proves }: TestBuildInputs): string {
  const { secretName } = proves;
  return secretName === undefined ? "" : ` in the secret ${secretName}`;
}

/** The time begins when a runner takes the run: builds that share a runner take turns, and what one takes is not another's time. */
async function ended(forgejo: Forgejo, inputs: TestBuildInputs, id: number, context: Context): Promise<WorkflowRun> {
  const { signal } = context;
  const { repository, workflow, timeout: timeoutSeconds } = inputs;
  const what = `run ${id} of ${workflow} in ${repository}`;
  let last: WorkflowRun | undefined;
  const remedy = (): string =>
    `It is ${last?.status ?? "unknown"}: see ${last?.url ?? "Forgejo"}${last?.status === "waiting" ? "; no runner picks it up" : ""}.`;
  const look = async (): Promise<WorkflowRun> => {
    const seen = await forgejo.run(repository, id);
    if (seen.status !== last?.status) context.progress(`run ${id} is ${seen.status}`);
    last = seen;
    return seen;
  };
  const isOver = ({ status }: WorkflowRun): boolean => FINAL.includes(status);
  const taken = await waitFor(
    async () => {
      const run = await look();
      return run.started || isOver(run) ? run : undefined;
    },
    { what: `a runner to take ${what}`, timeoutSeconds, signal, remedy },
  );
  if (isOver(taken)) return taken;
  return waitFor(
    async () => {
      const run = await look();
      return isOver(run) ? run : undefined;
    },
    { what, timeoutSeconds, signal, remedy },
  );
}

/** The end of the log of each job that did not succeed; empty if this release of Forgejo does not give it. */
async function failedLogs(forgejo: Forgejo, repository: string, run: number, { signal }: Context): Promise<string> {
  try {
    const token = (await forgejo.token()).reveal();
    const failed = ((await jobsOf(forgejo, repository, run)) ?? []).filter(({ status }) => status !== "success");
    const logs = await Promise.all(
      failed.map(async ({ id, name }) => {
        const log = await logOf(forgejo, repository, run, id);
        return log === undefined ? "" : `\nThe end of the log of ${name}:\n${endOfLog(log, [token])}`;
      }),
    );
    return logs.join("");
  } catch (error) {
    signal.throwIfAborted();
    // The build's own error is the one to show.
    if (error instanceof ZotAuthError) return "";
    throw error;
  }
}
