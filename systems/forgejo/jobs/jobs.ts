// Runs of workflows in detail: the jobs, their logs, and the runners that take them.
import { listIn } from "../../../core/http/api.ts";
import { at, list, string } from "../../../core/json.ts";
import { PAGE } from "../client.ts";
import type { Forgejo } from "../client.ts";

/** A job of a run. */
export interface RunJob {
  readonly id: number;
  readonly name: string;
  readonly status: string;
}

/** A runner of Actions. */
export interface Runner {
  readonly name: string;
  /** `idle`, `active` or `offline`. */
  readonly status: string;
  /** What it says of itself; empty if it has never been online. */
  readonly version: string;
}

/** Bytes of a log that are read. */
const LOG_BYTES = 16_384;

/** The run's jobs; `undefined` if this release does not list them. */
export async function jobsOf(
  forgejo: Forgejo,
  repository: string,
  run: number,
): Promise<readonly RunJob[] | undefined> {
  const answer = await forgejo.ask(repository, `/actions/runs/${run}/jobs`);
  if (answer.status !== 200) return undefined;
  const jobs = answer.json;
  return list(Array.isArray(jobs) ? jobs : at(jobs, "jobs")).map((job) => {
    return { id: Number(at(job, "id")), name: string(at(job, "name")), status: string(at(job, "status")) };
  });
}

/** The end of a job's log as it is; `undefined` if this release does not give it. */
export async function logOf(
  forgejo: Forgejo,
  repository: string,
  run: number,
  job: number,
): Promise<string | undefined> {
  for (const path of [
    `/actions/runs/${run}/jobs/${job}/logs?tail=true&limit=${LOG_BYTES}`,
    `/actions/jobs/${job}/logs`,
  ]) {
    const answer = await forgejo.ask(repository, path);
    if (answer.status === 200) return answer.text;
  }
  return undefined;
}

/** The runners that may take the target's jobs; `undefined` if this release lists none. */
export async function runnersOf(forgejo: Forgejo, target: string): Promise<readonly Runner[] | undefined> {
  const answer = await forgejo.ask(target, `/actions/runners?visible=true&limit=${PAGE}`);
  if (answer.status === 404) return undefined;
  if (answer.status !== 200) throw forgejo.refused(target, "list its runners", answer);
  return listIn(forgejo.endpoint, answer).map((runner) => {
    return {
      name: string(at(runner, "name")),
      status: string(at(runner, "status")),
      version: string(at(runner, "version")),
    };
  });
}
