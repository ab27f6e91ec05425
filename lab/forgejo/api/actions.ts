// Stands in for Forgejo 14.0.2: workflow dispatch, runs, tasks and logs.
import { existsSync, readFileSync } from "node:fs";
import { allows, permissionOn, requireToken } from "./access.ts";
import { empty, json, notFound, Refusal, text } from "./format/responses.ts";
import { bind, stringOf } from "./format/binding.ts";
import type { Form } from "./format/binding.ts";
import { dispatch, fullName } from "../runner/dispatch.ts";
import { logFile } from "../runner/jobLog.ts";
import { page } from "./format/paging.ts";
import { open } from "./repositories.ts";
import { prettyRef, runUrl, showRun } from "./format/representations.ts";
import { part } from "./routes.ts";
import type { Call, Route } from "./routes.ts";
import { findOwner, findRepository } from "../state.ts";
import type { Instance, Job, Repository, Run } from "../state.ts";

const DISPATCH: Form = {
  type: "DispatchWorkflowOption",
  fields: {
    ref: { kind: "string" },
    inputs: { kind: "map[string]string" },
    return_run_info: { kind: "bool" },
  },
};
const STATUSES = ["unknown", "waiting", "running", "success", "failure", "cancelled", "skipped", "blocked"];

export function addActionsRoutes(route: Route): void {
  const path = "/api/v1/repos/:owner/:repo/actions";
  route(`${path}/workflows/:workflow/dispatches`, { POST: start });
  route(`${path}/runs`, { GET: listRuns });
  route(`${path}/runs/:id`, { GET: showOne });
  route(`${path}/tasks`, { GET: listTasks });
  route(`${path}/runners/jobs`, { GET: listWaitingJobs });
  route("/:owner/:repo/actions/runs/:number/jobs/:job/attempt/:attempt/logs", { GET: showLog });
}

/** The repository. Throws if its Actions are disabled. */
function withActions(call: Call): Repository {
  const { repository } = open(call);
  if (!repository.hasActions) throw notFound();
  return repository;
}

async function start(call: Call): Promise<Response> {
  const { repository, permission } = open(call);
  const { user } = requireToken(call.caller);
  if (!repository.hasActions) throw notFound();
  if (!allows(permission, "write")) throw new Refusal(403, "user should have a permission to write to a repo");
  if (repository.archived) {
    throw new Refusal(423, `<Repository ${repository.id}:${fullName(call.instance, repository)}> is archived`);
  }
  const body = await bind(call.context, DISPATCH);
  const inputs = body["inputs"];
  const run = dispatch(call.instance, {
    repository,
    actor: user,
    workflowFile: part(call, "workflow"),
    ref: stringOf(body, "ref"),
    inputs: typeof inputs === "object" ? inputs : {},
  });
  if (body["return_run_info"] !== true) return empty(204);
  return json(201, { id: run.id, run_number: run.number, jobs: run.jobs.map((job) => job.key) });
}

/** Oldest first. Filters by status, event and run_number; this version ignores the others. */
function listRuns(call: Call): Response {
  const repository = withActions(call);
  const statuses = call.context.req.queries("status") ?? [];
  const { event, run_number: number } = call.context.req.query();
  const unknown = statuses.find((status) => !STATUSES.includes(status));
  if (unknown !== undefined) throw new Refusal(400, `unknown status: ${unknown}`);
  const runs = runsOf(call.instance, repository).filter(
    (run) =>
      (statuses.length === 0 || statuses.includes(run.status)) &&
      (event === undefined || run.triggerEvent === event) &&
      (number === undefined || String(run.number) === number),
  );
  return json(200, {
    workflow_runs: page(runs, call.context.req.query()).map((run) => showRun(call.instance, run)),
    total_count: runs.length,
  });
}

function showOne(call: Call): Response {
  const repository = withActions(call);
  const id = /^\d+$/.test(part(call, "id")) ? Number(part(call, "id")) : 0;
  const run = call.instance.store.data.runs.find((candidate) => candidate.id === id);
  if (run === undefined) throw new Refusal(404, `run with id ${id}: resource does not exist`);
  if (run.repositoryId !== repository.id) throw new Refusal(404, "resource does not exist");
  return json(200, showRun(call.instance, run));
}

/** Jobs that a runner has taken, newest first, in any status. */
function listTasks(call: Call): Response {
  const repository = withActions(call);
  const tasks = jobsOf(call.instance, repository)
    .filter(({ job }) => job.taskId > 0)
    .sort((left, right) => right.job.taskId - left.job.taskId);
  return json(200, {
    workflow_runs: page(tasks, call.context.req.query()).map(({ run, job }) => ({
      id: job.taskId,
      name: job.name,
      head_branch: prettyRef(run.ref),
      head_sha: run.sha,
      run_number: run.number,
      event: run.triggerEvent,
      display_title: run.title,
      status: job.status,
      workflow_id: run.workflowFile,
      url: runUrl(call.instance, run),
      created_at: run.created,
      updated_at: run.updated,
      run_started_at: job.started,
    })),
    total_count: tasks.length,
  });
}

/** Jobs without a runner, newest first. */
function listWaitingJobs(call: Call): Response {
  const { repository, permission } = open(call);
  requireToken(call.caller);
  if (!allows(permission, "owner")) throw new Refusal(403, "user should be the owner of the repo");
  const labels = call.context.req.query("labels")?.split(",");
  const jobs = jobsOf(call.instance, repository)
    .filter(({ job }) => job.status === "waiting")
    .filter(({ job }) => labels === undefined || job.runsOn.every((label) => labels.includes(label)));
  return json(
    200,
    jobs.reverse().map(({ job }) => ({
      id: job.id,
      repo_id: repository.id,
      owner_id: repository.ownerId,
      name: job.name,
      needs: job.needs.length > 0 ? job.needs : null,
      runs_on: job.runsOn,
      task_id: job.taskId,
      status: job.status,
    })),
  );
}

/** A page of the web interface. The real one requires a browser session, this one read permission on the repository. */
function showLog(call: Call): Response {
  const state = call.instance.store.data;
  const owner = findOwner(state, part(call, "owner"));
  const repository = owner && findRepository(state, owner.id, part(call, "repo"));
  const readable = repository !== undefined && permissionOn(state, call.caller, repository) !== null;
  const run = readable
    ? state.runs.find(
        (candidate) => candidate.repositoryId === repository.id && String(candidate.number) === part(call, "number"),
      )
    : undefined;
  const job = run?.jobs[Number(part(call, "job"))];
  if (job === undefined || part(call, "attempt") !== "1") return text(404, "Not found.\n");
  const file = logFile(call.instance, job);
  return existsSync(file) ? text(200, readFileSync(file, "utf8")) : text(404, "Not found.\n");
}

function runsOf({ store }: Instance, repository: Repository): Run[] {
  return store.data.runs.filter((run) => run.repositoryId === repository.id);
}

function jobsOf(instance: Instance, repository: Repository): { readonly run: Run; readonly job: Job }[] {
  return runsOf(instance, repository).flatMap((run) => run.jobs.map((job) => ({ run, job })));
}
