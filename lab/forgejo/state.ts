// Stands in for Forgejo 14.0.2: what it remembers.
import type { Store } from "../shared/store.ts";

/** A secret or a variable of Actions. Names are kept in upper case, as Forgejo does. */
export interface Entry {
  readonly name: string;
  value: string;
  readonly createdAt: string;
}

/** What can hold secrets and variables: a repository, an organisation, a user. */
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
  /** The one tree that every ref of the repository shows: path to content. */
  files: Record<string, string>;
  collaborators: Collaborator[];
  /** Who must accept a requested transfer. */
  transferTo: number | null;
  /** Number of the newest run, which counts up inside the repository. */
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
  /** Its `if` asks about the jobs it needs, so that it runs even when one of them failed. */
  readonly runsAnyway: boolean;
  status: Status;
  /** 0 until a runner takes the job. */
  taskId: number;
  started: string;
  stopped: string;
  outputs: Record<string, string>;
}

export interface Run {
  readonly id: number;
  readonly number: number;
  readonly repositoryId: number;
  readonly actorId: number;
  readonly title: string;
  readonly workflowFile: string;
  /** Folder that the workflow file is in. */
  readonly workflowFolder: string;
  readonly ref: string;
  readonly sha: string;
  readonly triggerEvent: string;
  readonly eventPayload: string;
  /** The repository's files at the time of the dispatch: a run belongs to its commit. */
  readonly files: Readonly<Record<string, string>>;
  readonly jobs: Job[];
  status: Status;
  started: string;
  stopped: string;
  readonly created: string;
  updated: string;
}

/** A name that an owner had. */
export interface OwnerRedirect {
  readonly login: string;
  readonly ownerId: number;
}

/** A name that a repository had, or an owner that it was transferred from. */
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

/** One running Forgejo: its state, and where it is reached. */
export interface Instance {
  readonly store: Store<State>;
  /** Folder of the jobs' logs. */
  readonly logs: string;
  /** Base URL without a trailing slash. */
  url: string;
  /** Tells the runner that there may be work. */
  wake: () => void;
}

/** A time that was not reached, in Forgejo's words. */
export const NEVER = "1970-01-01T00:00:00Z";

/** Now, in the whole seconds that Forgejo keeps. */
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
