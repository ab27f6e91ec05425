// Stands in for Forgejo 14.0.2: users, repositories and runs as its API returns them.
import { createHash } from "node:crypto";
import { ownerOf, repositoryOf } from "../../state.ts";
import type { Instance, Owner, Permission, Repository, Run } from "../../state.ts";

export function showUser(instance: Instance, owner: Owner, options: { readonly self?: boolean } = {}): object {
  return {
    id: owner.id,
    login: owner.login,
    login_name: "",
    source_id: 0,
    full_name: "",
    email: owner.kind === "user" ? mailOf(owner) : "",
    avatar_url: avatar(instance, owner),
    html_url: `${instance.url}/${owner.login}`,
    language: "",
    is_admin: options.self === true && owner.isAdmin,
    last_login: options.self === true ? "1970-01-01T00:00:00Z" : "0001-01-01T00:00:00Z",
    created: owner.createdAt,
    restricted: false,
    active: options.self === true,
    prohibit_login: false,
    location: "",
    pronouns: "",
    website: "",
    description: "",
    visibility: "public",
    followers_count: 0,
    following_count: 0,
    starred_repos_count: 0,
    username: owner.login,
  };
}

export function showOrganisation(instance: Instance, owner: Owner): object {
  return {
    id: owner.id,
    name: owner.login,
    full_name: "",
    email: "",
    avatar_url: avatar(instance, owner),
    description: "",
    website: "",
    location: "",
    visibility: "public",
    repo_admin_change_team_access: false,
    username: owner.login,
  };
}

export function showRepository(instance: Instance, repository: Repository, permission: Permission): object {
  const { url } = instance;
  const owner = ownerOf(instance.store.data, repository.ownerId);
  const fullName = `${owner.login}/${repository.name}`;
  return {
    id: repository.id,
    owner: showUser(instance, owner),
    name: repository.name,
    full_name: fullName,
    description: repository.description,
    empty: Object.keys(repository.files).length === 0,
    private: repository.private,
    fork: false,
    template: false,
    parent: null,
    mirror: false,
    size: Math.ceil(Object.values(repository.files).join("").length / 1024),
    language: "",
    languages_url: `${url}/api/v1/repos/${fullName}/languages`,
    html_url: `${url}/${fullName}`,
    url: `${url}/api/v1/repos/${fullName}`,
    link: "",
    ssh_url: `ssh://git@localhost/${fullName}.git`,
    clone_url: `${url}/${fullName}.git`,
    original_url: "",
    website: "",
    stars_count: 0,
    forks_count: 0,
    watchers_count: 1,
    open_issues_count: 0,
    open_pr_counter: 0,
    release_counter: 0,
    default_branch: repository.defaultBranch,
    archived: repository.archived,
    created_at: repository.createdAt,
    updated_at: repository.updatedAt,
    permissions: {
      admin: permission === "admin" || permission === "owner",
      push: permission !== "read",
      pull: true,
    },
    has_actions: repository.hasActions,
    internal: false,
    object_format_name: "sha1",
  };
}

export function showRun(instance: Instance, run: Run): object {
  const state = instance.store.data;
  const repository = repositoryOf(state, run.repositoryId);
  return {
    id: run.id,
    title: run.title,
    repository: showRepository(instance, repository, "read"),
    workflow_id: run.workflowFile,
    index_in_repo: run.number,
    trigger_user: showUser(instance, ownerOf(state, run.actorId)),
    ScheduleID: 0,
    prettyref: prettyRef(run.ref),
    is_ref_deleted: false,
    commit_sha: run.sha,
    is_fork_pull_request: run.pullRequest?.fromFork === true,
    need_approval: false,
    approved_by: 0,
    // Empty for a dispatch, which only `trigger_event` shows.
    event: "",
    event_payload: run.eventPayload,
    trigger_event: run.triggerEvent,
    status: run.status,
    started: run.started,
    stopped: run.stopped,
    created: run.created,
    updated: run.updated,
    html_url: runUrl(instance, run),
  };
}

export function runUrl(instance: Instance, run: Run): string {
  const repository = repositoryOf(instance.store.data, run.repositoryId);
  const owner = ownerOf(instance.store.data, repository.ownerId);
  return `${instance.url}/${owner.login}/${repository.name}/actions/runs/${run.number}`;
}

export function prettyRef(ref: string): string {
  return ref.replace(/^refs\/(?:heads|tags)\//, "");
}

/** The commit id: 40 hexadecimal digits that change with the files. */
export function commitOf(files: Readonly<Record<string, string>>): string {
  const hash = createHash("sha1");
  for (const path of Object.keys(files).sort()) hash.update(`${path}\0${files[path] ?? ""}\0`);
  return hash.digest("hex");
}

function avatar(instance: Instance, owner: Owner): string {
  return `${instance.url}/avatars/${createHash("md5")
    .update(owner.kind === "user" ? mailOf(owner) : owner.login)
    .digest("hex")}`;
}

function mailOf(owner: Owner): string {
  return `${owner.login}@example.com`;
}
