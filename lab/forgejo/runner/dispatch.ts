// Stands in for Forgejo 14.0.2: starts a workflow on request.
import { Refusal } from "../api/format/responses.ts";
import { commitOf, showRepository, showUser } from "../api/format/representations.ts";
import { next, NEVER, now, ownerOf } from "../state.ts";
import type { Instance, Job, Owner, PullRequest, Repository, Run } from "../state.ts";
import { parseWorkflow, workflowFolder } from "./workflow.ts";
import type { Workflow, WorkflowJob } from "./workflow.ts";

export interface Dispatch {
  readonly repository: Repository;
  readonly actor: Owner;
  readonly workflowFile: string;
  readonly ref: string;
  readonly inputs: Readonly<Record<string, string>>;
}

/** Creates the run, whose jobs then wait for a runner. */
export function dispatch(instance: Instance, asked: Dispatch): Run {
  const { repository, actor, workflowFile } = asked;
  if (asked.ref === "") throw new Refusal(400, "ref is empty");
  const folder = workflowFolder(repository.files);
  const sha = commitOf(repository.files);
  const ref = fullRef(repository, sha, asked.ref);
  const content = folder === undefined ? undefined : repository.files[`${folder}/${workflowFile}`];
  const workflow = content === undefined ? undefined : parseWorkflow(content);
  // Forgejo 14 responds with an empty 500 to an unknown ref, an unknown workflow and an invalid workflow.
  if (folder === undefined || ref === undefined || workflow === undefined) throw new Refusal(500, "");
  const inputs = checkedInputs(workflow, asked.inputs);
  return addRun(instance, {
    repository,
    actor,
    workflow,
    file: workflowFile,
    folder,
    ref,
    sha,
    event: "workflow_dispatch",
    payload: { inputs, ref, ...sentBy(instance, repository, actor), workflow: `${folder}/${workflowFile}` },
  });
}

/** What starts a run, and what the run is of. */
export interface NewRun {
  readonly repository: Repository;
  readonly actor: Owner;
  readonly workflow: Workflow;
  readonly file: string;
  readonly folder: string;
  readonly ref: string;
  readonly sha: string;
  readonly event: string;
  readonly payload: object;
  readonly pullRequest?: PullRequest;
}

/** Adds a run. Its jobs then wait for a runner. */
export function addRun(instance: Instance, asked: NewRun): Run {
  const { repository, actor, workflow, file, folder, ref, sha, event, payload, pullRequest } = asked;
  const state = instance.store.data;
  repository.lastRunNumber += 1;
  const time = now();
  const run: Run = {
    id: next(state, "run"),
    number: repository.lastRunNumber,
    repositoryId: repository.id,
    actorId: actor.id,
    title: workflow.name || `${folder}/${file}`,
    workflowFile: file,
    workflowFolder: folder,
    ref,
    sha,
    triggerEvent: event,
    eventPayload: JSON.stringify(payload),
    ...(pullRequest === undefined ? {} : { pullRequest }),
    files: { ...repository.files },
    jobs: workflow.jobs.map((job) => newJob(next(state, "job"), job)),
    status: "waiting",
    started: NEVER,
    stopped: NEVER,
    created: time,
    updated: time,
  };
  state.runs.push(run);
  instance.store.save();
  instance.wake();
  return run;
}

/** The repository and the sender of an event. */
export function sentBy(instance: Instance, repository: Repository, actor: Owner): object {
  return { repository: showRepository(instance, repository, "owner"), sender: showUser(instance, actor) };
}

function newJob(id: number, job: WorkflowJob): Job {
  return {
    id,
    key: job.key,
    name: job.name,
    needs: job.needs,
    runsOn: job.runsOn,
    runsAnyway: /\b(?:always|failure|cancelled)\s*\(/.test(job.condition ?? ""),
    status: job.needs.length > 0 ? "blocked" : "waiting",
    taskId: 0,
    started: NEVER,
    stopped: NEVER,
    outputs: {},
  };
}

/** Drops undeclared inputs. An empty input gets its default; a missing boolean is false. */
function checkedInputs(workflow: Workflow, given: Readonly<Record<string, string>>): Record<string, string> {
  const inputs: Record<string, string> = {};
  for (const name of Object.keys(workflow.inputs).sort()) {
    const input = workflow.inputs[name];
    if (input === undefined) continue;
    const value = given[name] || input.default || (input.type === "boolean" ? "false" : "");
    if (value !== "") inputs[name] = value;
    else if (input.required) throw new Refusal(400, `input required for '${input.description || name}'`);
  }
  return inputs;
}

/** The full ref of the default branch, the only one, by name or commit id. */
function fullRef(repository: Repository, sha: string, ref: string): string | undefined {
  if (Object.keys(repository.files).length === 0) return undefined;
  const branch = `refs/heads/${repository.defaultBranch}`;
  if (ref === repository.defaultBranch || ref === branch || ref === "HEAD") return branch;
  return /^[0-9a-f]{7,40}$/.test(ref) && sha.startsWith(ref) ? sha : undefined;
}

/** `owner/name`. */
export function fullName(instance: Instance, repository: Repository): string {
  return `${ownerOf(instance.store.data, repository.ownerId).login}/${repository.name}`;
}
