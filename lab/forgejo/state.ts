// Stands in for Forgejo 14.0.2: its persistent state.
import type { Store } from "../shared/store.ts";
import type { JobTokenIssuer } from "./jobToken/issuer.ts";
import type { ForgejoVersion } from "./version.ts";

/** An Actions secret or variable. As in Forgejo, names are stored in upper case. */
export interface Entry {
  readonly name: string;
  value: string;
  readonly createdAt: string;
}

/** Holder of secrets and variables: a repository, an organisation or a user. */
export interface Holder {
  readonly id: number;
  secrets: Entry[];
  variables: Entry[];
}

/** A user or an organisation; Forgejo numbers both in one sequence. */
export interface Owner extends Holder {
  readonly kind: "user" | "organisation";
  login: string;
  readonly isAdmin: boolean;
  readonly passwordHash: string | null;
  readonly createdAt: string;
}

export type Permission = "read" | "write" | "admin" | "owner";

export interface Team {
  readonly id: number;
  readonly organisationId: number;
  readonly name: string;
  readonly permission: Permission;
  readonly members: number[];
}

export interface Token {
  readonly hash: string;
  readonly userId: number;
  readonly scopes: readonly string[];
}

export interface Collaborator {
  readonly userId: number;
  permission: "read" | "write" | "admin";
}

export interface Repository extends Holder {
  ownerId: number;
  name: string;
  private: boolean;
  archived: boolean;
  hasActions: boolean;
  description: string;
  defaultBranch: string;
  /** Content by path. All refs of the repository have this one tree. */
  files: Record<string, string>;
  collaborators: Collaborator[];
  /** The `sub` of its jobs' tokens has ids, as of repositories that were created by 16 or later. */
  idsInSubject?: boolean;
  /** Id of the owner who must accept the requested transfer. */
  transferTo: number | null;
  /** Number of the newest run. Runs are numbered per repository. */
  lastRunNumber: number;
  readonly createdAt: string;
  updatedAt: string;
}

export type Status = "waiting" | "running" | "success" | "failure" | "cancelled" | "skipped" | "blocked";

export interface Job {
  readonly id: number;
  /** Key in the workflow. */
  readonly key: string;
  readonly name: string;
  readonly needs: readonly string[];
  readonly runsOn: readonly string[];
  /** Its `if` has a status function, so that it can run even if a job that it needs failed. */
  readonly runsAnyway: boolean;
  status: Status;
  /** 0 until a runner takes the job. */
  taskId: number;
  started: string;
  stopped: string;
  outputs: Record<string, string>;
}

/** The pull request that started a run. */
export interface PullRequest {
  /** Branches. */
  readonly base: string;
  readonly head: string;
  readonly fromFork: boolean;
}

export interface Run {
  readonly id: number;
  readonly number: number;
  readonly repositoryId: number;
  readonly actorId: number;
  readonly title: string;
  readonly workflowFile: string;
  /** Folder of the workflow file. */
  readonly workflowFolder: string;
  readonly ref: string;
  readonly sha: string;
  readonly triggerEvent: string;
  readonly eventPayload: string;
  readonly pullRequest?: PullRequest;
  /** The repository's files at the time of the dispatch, since a run belongs to a commit. */
  readonly files: Readonly<Record<string, string>>;
  readonly jobs: Job[];
  status: Status;
  started: string;
  stopped: string;
  readonly created: string;
  updated: string;
}

/** A former name of an owner. */
export interface OwnerRedirect {
  readonly login: string;
  readonly ownerId: number;
}

/** A former name or owner of a repository. */
export interface RepositoryRedirect {
  readonly ownerId: number;
  readonly name: string;
  readonly repositoryId: number;
}

export type Sequence = "owner" | "team" | "repository" | "run" | "job" | "task";

export interface State {
  readonly last: Record<Sequence, number>;
  readonly owners: Owner[];
  readonly teams: Team[];
  readonly tokens: Token[];
  readonly repositories: Repository[];
  ownerRedirects: OwnerRedirect[];
  repositoryRedirects: RepositoryRedirect[];
  readonly runs: Run[];
}

/** A running Forgejo: its state and URL. */
export interface Instance {
  readonly store: Store<State>;
  /** Folder of the jobs' logs. */
  readonly logs: string;
  /** Base URL without a trailing slash. */
  url: string;
  readonly version: ForgejoVersion;
  /** Undefined if this release gives jobs no tokens. */
  readonly jobTokens: JobTokenIssuer | undefined;
  /** The labels of the runner. Undefined if there is no runner. */
  readonly runnerLabels: readonly string[] | undefined;
  /** Makes the runner check for waiting jobs. */
  wake: () => void;
}

/** Forgejo's value for a time that has not been set. */
export const NEVER = "1970-01-01T00:00:00Z";

/** The current time in whole seconds, as Forgejo stores it. */
export function now(): string {
  return `${new Date().toISOString().slice(0, 19)}Z`;
}

export function next(state: State, sequence: Sequence): number {
  state.last[sequence] += 1;
  return state.last[sequence];
}

export function ownerOf(state: State, id: number): Owner {
  const owner = state.owners.find((candidate) => candidate.id === id);
  if (owner === undefined)
    throw new Error(`The lab's Forgejo lost owner ${id}: its data folder is damaged, remove it.`);
  return owner;
}

export function findOwner(state: State, login: string): Owner | undefined {
  return state.owners.find((owner) => owner.login.toLowerCase() === login.toLowerCase());
}

export function findRepository(state: State, ownerId: number, name: string): Repository | undefined {
  return state.repositories.find(
    (repository) => repository.ownerId === ownerId && repository.name.toLowerCase() === name.toLowerCase(),
  );
}

export function repositoryOf(state: State, id: number): Repository {
  const repository = state.repositories.find((candidate) => candidate.id === id);
  if (repository === undefined) {
    throw new Error(`The lab's Forgejo lost repository ${id}: its data folder is damaged, remove it.`);
  }
  return repository;
}
