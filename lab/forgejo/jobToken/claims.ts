// Stands in for Forgejo 15.0.3: what the token of a job says.
import { fullName } from "../runner/dispatch.ts";
import type { Instance, Run } from "../state.ts";
import { ownerOf, repositoryOf } from "../state.ts";

/** A token's claims, all texts, without audience and times. */
export type JobClaims = Readonly<Record<string, string>>;

/** The claims that Forgejo adds to the standard ones, in its order. */
export function customClaims({ version }: Pick<Instance, "version">): readonly string[] {
  const added = ["actor_id", "repository_id", "repository_owner_id"];
  const all = [
    ...["actor", "actor_id", "base_ref", "event_name", "head_ref", "ref", "ref_protected", "ref_type"],
    ...["repository", "repository_id", "repository_owner", "repository_owner_id"],
    ...["run_attempt", "run_id", "run_number", "sha", "workflow", "workflow_ref"],
  ];
  return version.idsInTokens ? all : all.filter((claim) => !added.includes(claim));
}

/** The claims of a run's jobs. They are those of the run's start, whatever is renamed during it. */
export function claimsOf(instance: Instance, run: Run): JobClaims {
  const state = instance.store.data;
  const repository = repositoryOf(state, run.repositoryId);
  const owner = ownerOf(state, repository.ownerId);
  const actor = ownerOf(state, run.actorId);
  const name = fullName(instance, repository);
  const values: Readonly<Record<string, string>> = {
    actor: actor.login,
    actor_id: String(actor.id),
    base_ref: run.pullRequest?.base ?? "",
    event_name: run.triggerEvent,
    head_ref: run.pullRequest?.head ?? "",
    ref: run.ref,
    // A constant in Forgejo.
    ref_protected: "false",
    ref_type: refType(run.ref),
    repository: name,
    repository_id: String(repository.id),
    repository_owner: owner.login,
    repository_owner_id: String(owner.id),
    run_attempt: "1",
    run_id: String(run.id),
    run_number: String(run.number),
    sha: run.sha,
    workflow: run.workflowFile,
    workflow_ref: `${name}/${run.workflowFolder}/${run.workflowFile}@${run.ref}`,
  };
  const subject =
    repository.idsInSubject === true ? `${owner.login}-${owner.id}/${repository.name}-${repository.id}` : name;
  const what = run.triggerEvent === "pull_request" ? "pull_request" : `ref:${run.ref}`;
  return {
    ...Object.fromEntries(customClaims(instance).map((claim) => [claim, values[claim] ?? ""])),
    sub: `repo:${subject}:${what}`,
  };
}

/** Empty for a ref that is neither a branch nor a tag. */
export function refType(ref: string): string {
  if (ref.startsWith("refs/tags/")) return "tag";
  return ref.startsWith("refs/heads/") ? "branch" : "";
}

/** Whether a job gets the variables with which it asks for a token: a pull request from a fork does not, whatever its workflow says. */
export function mayAsk(run: Run, enabled: boolean): boolean {
  const isFork = run.pullRequest?.fromFork === true;
  return enabled && (!isFork || run.triggerEvent === "pull_request_target");
}
