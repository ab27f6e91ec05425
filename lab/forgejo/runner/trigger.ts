// Stands in for git, which the lab does not have: starts a workflow as a push or a pull request would.
import { commitOf } from "../api/format/representations.ts";
import type { Instance, PullRequest, Run } from "../state.ts";
import { findOwner, findRepository } from "../state.ts";
import { addRun, sentBy } from "./dispatch.ts";
import { parseWorkflow, workflowFolder } from "./workflow.ts";

/** What happened. All refs have the repository's one tree, so a pull request runs the workflow that is there. */
export interface Trigger {
  /** `owner/name` */
  readonly repository: string;
  /** Login. */
  readonly actor: string;
  readonly workflowFile: string;
  readonly event:
    | { readonly name: "push"; readonly branch: string }
    | {
        readonly name: "pull_request" | "pull_request_target";
        readonly number: number;
        readonly base: string;
        readonly head: string;
        readonly fromFork: boolean;
      };
}

/** Adds the run. Throws if the repository, the actor or the workflow does not exist. */
export function trigger(instance: Instance, { repository: name, actor: login, workflowFile, event }: Trigger): Run {
  const state = instance.store.data;
  const [ownerName = "", repositoryName = ""] = name.split("/");
  const owner = findOwner(state, ownerName);
  const repository = owner && findRepository(state, owner.id, repositoryName);
  const actor = findOwner(state, login);
  const folder = repository && workflowFolder(repository.files);
  const workflow = parseWorkflow(repository?.files[`${folder ?? ""}/${workflowFile}`] ?? "");
  if (repository === undefined || actor === undefined || folder === undefined || workflow === undefined) {
    throw new Error(`The lab's Forgejo has no workflow ${workflowFile} in ${name}, or no user ${login}.`);
  }
  const pullRequest: PullRequest | undefined =
    event.name === "push" ? undefined : { base: event.base, head: event.head, fromFork: event.fromFork };
  const ref = refOf(event);
  return addRun(instance, {
    repository,
    actor,
    workflow,
    file: workflowFile,
    folder,
    ref,
    sha: commitOf(repository.files),
    event: event.name,
    payload: { ref, ...sentBy(instance, repository, actor) },
    ...(pullRequest === undefined ? {} : { pullRequest }),
  });
}

/** The ref of a run: for `pull_request_target` that of the base branch, also if a fork asks. */
function refOf(event: Trigger["event"]): string {
  switch (event.name) {
    case "push":
      return `refs/heads/${event.branch}`;
    case "pull_request":
      return `refs/pull/${event.number}/head`;
    case "pull_request_target":
      return `refs/heads/${event.base}`;
  }
}
