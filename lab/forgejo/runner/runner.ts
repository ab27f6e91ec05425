// Stands in for Forgejo's Actions runner: runs waiting jobs, one at a time, oldest first.
import type { RunnerOptions } from "./jobContext.ts";
import { JobLog, logFile } from "./jobLog.ts";
import { runJob } from "./runJob.ts";
import { next, NEVER, now } from "../state.ts";
import type { Instance, Job, Run, Status } from "../state.ts";

export interface Runner {
  /** Checks for waiting jobs. */
  wake(): void;
  /** Stops the running job and takes no more. */
  close(): Promise<void>;
}

export function startRunner(instance: Instance, options: RunnerOptions): Runner {
  const abort = new AbortController();
  let working: Promise<void> | null = null;

  const work = async (): Promise<void> => {
    for (let found = nextJob(instance, options); found !== undefined; found = nextJob(instance, options)) {
      if (abort.signal.aborted) return;
      await take(instance, found.run, found.job, options, abort.signal);
    }
  };
  const wake = (): void => {
    // Later, so that the client first sees the run waiting, as with a runner that polls.
    working ??= new Promise<void>((resolve) => setImmediate(resolve)).then(work).finally(() => {
      working = null;
    });
  };
  return {
    wake,
    close: async () => {
      abort.abort();
      await working;
    },
  };
}

/** Fails the jobs that were running when the server stopped. */
export function failLostJobs(instance: Instance): void {
  for (const run of instance.store.data.runs) {
    for (const job of run.jobs.filter((candidate) => candidate.status === "running")) {
      new JobLog(logFile(instance, job), []).write("The runner stopped before the job finished.");
      finish(run, job, "failure");
    }
  }
  instance.store.save();
}

function nextJob(instance: Instance, options: RunnerOptions): { readonly run: Run; readonly job: Job } | undefined {
  for (const run of instance.store.data.runs) {
    for (const job of run.jobs) {
      if (job.status === "waiting" && fits(job, options)) return { run, job };
    }
  }
  return undefined;
}

function fits(job: Job, { labels }: RunnerOptions): boolean {
  return labels === undefined || job.runsOn.every((label) => labels.includes(label));
}

async function take(
  instance: Instance,
  run: Run,
  job: Job,
  options: RunnerOptions,
  signal: AbortSignal,
): Promise<void> {
  job.taskId = next(instance.store.data, "task");
  job.status = "running";
  job.started = now();
  if (run.started === NEVER) run.started = job.started;
  update(run);
  instance.store.save();
  let outcome: Status;
  try {
    const result = await runJob(instance, run, job, options, signal);
    outcome = result.outcome;
    job.outputs = result.outputs;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    new JobLog(logFile(instance, job), []).write(`The lab's runner failed: ${reason}`);
    outcome = "failure";
  }
  finish(run, job, outcome);
  instance.store.save();
}

function finish(run: Run, job: Job, outcome: Status): void {
  job.status = outcome;
  job.stopped = now();
  unblock(run);
  update(run);
}

/** Queues or skips jobs whose `needs` have finished. */
function unblock(run: Run): void {
  for (const job of run.jobs.filter((candidate) => candidate.status === "blocked")) {
    const needed = run.jobs.filter((other) => job.needs.includes(other.key));
    if (!needed.every(({ status }) => isFinal(status))) continue;
    const allSucceeded = needed.every(({ status }) => status === "success");
    job.status = allSucceeded || job.runsAnyway ? "waiting" : "skipped";
    if (job.status === "skipped") {
      job.stopped = now();
      // Other jobs may need this one.
      unblock(run);
    }
  }
}

function update(run: Run): void {
  run.status = statusOf(run.jobs);
  run.updated = now();
  if (isFinal(run.status)) run.stopped = run.updated;
}

/** The status of a run with two jobs changes like this: waiting, running, blocked, waiting, running, success. */
export function statusOf(jobs: readonly Job[]): Status {
  const has = (status: Status): boolean => jobs.some((job) => job.status === status);
  if (jobs.every((job) => job.status === "skipped")) return "skipped";
  if (jobs.every((job) => job.status === "success" || job.status === "skipped")) return "success";
  const order = ["cancelled", "running", "waiting", "blocked", "failure"] as const;
  return order.find(has) ?? "failure";
}

function isFinal(status: Status): boolean {
  return status === "success" || status === "failure" || status === "cancelled" || status === "skipped";
}
