// Stands in for Forgejo's Actions runner: the context of a job's expressions and processes.
import type { Value } from "./expressions.ts";
import { claimsOf, mayAsk, refType } from "../jobToken/claims.ts";
import { requestUrl } from "../jobToken/routes.ts";
import { prettyRef } from "../api/format/representations.ts";
import { ownerOf, repositoryOf } from "../state.ts";
import type { Entry, Instance, Job, Run } from "../state.ts";

/** Programs and environment of the runner's processes. */
export interface RunnerOptions {
  /** Folders to prepend to PATH. */
  readonly pathPrefix?: readonly string[];
  /** Variables to add to the environment of each step. Of this process's environment, steps inherit only PATH. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Command that runs a step's script, whose path is appended. Default `bash --noprofile --norc -e -o pipefail`. */
  readonly shell?: readonly string[];
  /** `runs-on` labels that this runner serves; jobs with other labels wait forever. Default: any label. */
  readonly labels?: readonly string[];
}

/** A job's inputs, which do not change after its start. */
export interface JobInputs {
  readonly secrets: Readonly<Record<string, string>>;
  readonly variables: Readonly<Record<string, string>>;
  readonly github: Readonly<Record<string, Value>>;
  readonly inputs: Value;
  readonly needs: Value;
  /** How the job asks for a token. Undefined if it cannot. */
  readonly tokenRequest: { readonly url: string; readonly token: string } | undefined;
}

/** Reads the current secrets and variables of the repository and its owner. The repository's take precedence. */
export async function jobInputs(
  instance: Instance,
  run: Run,
  job: Job,
  workspace: string,
  enableOpenIdConnect: boolean,
): Promise<JobInputs> {
  const state = instance.store.data;
  const repository = repositoryOf(state, run.repositoryId);
  const owner = ownerOf(state, repository.ownerId);
  const event = JSON.parse(run.eventPayload) as { readonly inputs?: Value };
  return {
    secrets: { ...values(owner.secrets), ...values(repository.secrets) },
    variables: { ...values(owner.variables), ...values(repository.variables) },
    inputs: event.inputs ?? {},
    tokenRequest: await tokenRequest(instance, run, job, enableOpenIdConnect),
    needs: Object.fromEntries(
      run.jobs
        .filter((other) => job.needs.includes(other.key))
        .map((other) => [other.key, { result: other.status, outputs: other.outputs }]),
    ),
    github: {
      actor: ownerOf(state, run.actorId).login,
      base_ref: run.pullRequest?.base ?? "",
      head_ref: run.pullRequest?.head ?? "",
      api_url: `${instance.url}/api/v1`,
      event,
      event_name: run.triggerEvent,
      job: job.key,
      ref: run.ref,
      ref_name: prettyRef(run.ref),
      ref_type: refType(run.ref),
      repository: `${owner.login}/${repository.name}`,
      repository_owner: owner.login,
      run_attempt: "1",
      run_id: String(run.id),
      run_number: String(run.number),
      server_url: instance.url,
      sha: run.sha,
      workflow: run.title,
      workspace,
    },
  };
}

/** Environment of a step, to which the workflow adds its own. Starts empty, so that nothing leaks into a job by accident. */
export function baseEnvironment(
  { github, tokenRequest: asks }: JobInputs,
  options: RunnerOptions,
  folders: { readonly workspace: string; readonly home: string; readonly temporary: string },
): Record<string, string> {
  const environment: Record<string, string> = {
    PATH: [...(options.pathPrefix ?? []), process.env["PATH"] ?? "/usr/bin:/bin"].join(":"),
    HOME: folders.home,
    TMPDIR: folders.temporary,
    LANG: "C.UTF-8",
    CI: "true",
    RUNNER_TEMP: folders.temporary,
    RUNNER_OS: "Linux",
    GITHUB_ACTIONS: "true",
    FORGEJO_ACTIONS: "true",
    GITEA_ACTIONS: "true",
  };
  for (const [name, value] of Object.entries(github)) {
    if (typeof value !== "string") continue;
    environment[`GITHUB_${name.toUpperCase()}`] = value;
    environment[`FORGEJO_${name.toUpperCase()}`] = value;
  }
  // As the real runner does: empty for a job that cannot ask.
  environment["ACTIONS_ID_TOKEN_REQUEST_URL"] = asks?.url ?? "";
  environment["ACTIONS_ID_TOKEN_REQUEST_TOKEN"] = asks?.token ?? "";
  return { ...environment, ...options.environment };
}

async function tokenRequest(
  instance: Instance,
  run: Run,
  job: Job,
  enabled: boolean,
): Promise<JobInputs["tokenRequest"]> {
  const { jobTokens } = instance;
  if (jobTokens === undefined || !mayAsk(run, enabled)) return undefined;
  const asking = { run: run.id, job: job.id, task: job.taskId, claims: claimsOf(instance, run) };
  return { url: requestUrl(instance, run.id), token: await jobTokens.requestToken(asking) };
}

function values(entries: readonly Entry[]): Record<string, string> {
  return Object.fromEntries(entries.map(({ name, value }) => [name, value]));
}
