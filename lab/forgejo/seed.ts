// Stands in for Forgejo 14.0.2: the initial content of a new data folder.
import { createHash } from "node:crypto";
import { next, now } from "./state.ts";
import type { ForgejoVersion } from "./version.ts";
import type { Collaborator, Entry, Owner, Permission, Repository, State } from "./state.ts";

export interface UserSeed {
  readonly login: string;
  /** Site administrator. Default false. */
  readonly isAdmin?: boolean;
  /** Password for Basic authentication. Default: none, only tokens work. */
  readonly password?: string;
  readonly secrets?: Readonly<Record<string, string>>;
  readonly variables?: Readonly<Record<string, string>>;
}

export interface TeamSeed {
  readonly name: string;
  readonly permission: Permission;
  /** Logins. */
  readonly members: readonly string[];
}

export interface OrganisationSeed {
  readonly name: string;
  /** Logins of the team Owners. */
  readonly owners: readonly string[];
  readonly teams?: readonly TeamSeed[];
  readonly secrets?: Readonly<Record<string, string>>;
  readonly variables?: Readonly<Record<string, string>>;
}

export interface TokenSeed {
  readonly token: string;
  /** Login. */
  readonly user: string;
  /** `all`, or `read:` or `write:` with `repository`, `organization`, `user`, … Default all. */
  readonly scopes?: readonly string[];
}

export interface RepositorySeed {
  /** Login of a user or name of an organisation. */
  readonly owner: string;
  readonly name: string;
  /** Default false. */
  readonly private?: boolean;
  /** Default main. */
  readonly defaultBranch?: string;
  /** Content by path, including workflows in `.forgejo/workflows/` or `.github/workflows/`. */
  readonly files?: Readonly<Record<string, string>>;
  readonly secrets?: Readonly<Record<string, string>>;
  readonly variables?: Readonly<Record<string, string>>;
  /** Permission by login. */
  readonly collaborators?: Readonly<Record<string, Collaborator["permission"]>>;
}

/** Initial content of a new data folder. It must contain every user and organisation that it refers to. */
export interface ForgejoSeed {
  readonly users?: readonly UserSeed[];
  readonly organisations?: readonly OrganisationSeed[];
  readonly tokens?: readonly TokenSeed[];
  readonly repositories?: readonly RepositorySeed[];
}

export function initialState(seed: ForgejoSeed, version: ForgejoVersion): State {
  const state: State = {
    last: { owner: 0, team: 0, repository: 0, run: 0, job: 0, task: 0 },
    owners: [],
    teams: [],
    tokens: [],
    repositories: [],
    ownerRedirects: [],
    repositoryRedirects: [],
    runs: [],
  };
  for (const user of seed.users ?? []) {
    const owner = addOwner(state, "user", user.login, user);
    owner.secrets.push(...entries(user.secrets));
    owner.variables.push(...entries(user.variables));
  }
  for (const organisation of seed.organisations ?? []) {
    const owner = addOwner(state, "organisation", organisation.name);
    owner.secrets.push(...entries(organisation.secrets));
    owner.variables.push(...entries(organisation.variables));
    addTeam(state, owner.id, "Owners", "owner", idsOf(state, organisation.owners));
    for (const team of organisation.teams ?? []) {
      addTeam(state, owner.id, team.name, team.permission, idsOf(state, team.members));
    }
  }
  for (const token of seed.tokens ?? []) {
    state.tokens.push({ hash: digest(token.token), userId: idOf(state, token.user), scopes: token.scopes ?? ["all"] });
  }
  for (const repository of seed.repositories ?? []) {
    const made = addRepository(state, idOf(state, repository.owner), repository.name, repository, version);
    made.secrets.push(...entries(repository.secrets));
    made.variables.push(...entries(repository.variables));
    for (const [login, permission] of Object.entries(repository.collaborators ?? {})) {
      made.collaborators.push({ userId: idOf(state, login), permission });
    }
  }
  return state;
}

export function addOwner(
  state: State,
  kind: Owner["kind"],
  login: string,
  options: { readonly isAdmin?: boolean; readonly password?: string } = {},
): Owner {
  const owner: Owner = {
    id: next(state, "owner"),
    kind,
    login,
    isAdmin: options.isAdmin ?? false,
    passwordHash: options.password === undefined ? null : digest(options.password),
    createdAt: now(),
    secrets: [],
    variables: [],
  };
  state.owners.push(owner);
  return owner;
}

export function addTeam(
  state: State,
  organisationId: number,
  name: string,
  permission: Permission,
  members: number[],
): void {
  state.teams.push({ id: next(state, "team"), organisationId, name, permission, members });
}

export function addRepository(
  state: State,
  ownerId: number,
  name: string,
  options: Pick<RepositorySeed, "private" | "defaultBranch" | "files">,
  version: ForgejoVersion,
): Repository {
  const repository: Repository = {
    id: next(state, "repository"),
    ownerId,
    name,
    private: options.private ?? false,
    archived: false,
    hasActions: true,
    description: "",
    defaultBranch: options.defaultBranch ?? "main",
    files: { ...options.files },
    collaborators: [],
    ...(version.idsInTokens ? { idsInSubject: true } : {}),
    transferTo: null,
    lastRunNumber: 0,
    createdAt: now(),
    updatedAt: now(),
    secrets: [],
    variables: [],
  };
  state.repositories.push(repository);
  return repository;
}

/** Tokens and passwords are compared by digest, so that the data folder contains none in plain text. */
export function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function entries(values: Readonly<Record<string, string>> | undefined): Entry[] {
  return Object.entries(values ?? {}).map(([name, value]) => ({ name: name.toUpperCase(), value, createdAt: now() }));
}

function idsOf(state: State, logins: readonly string[]): number[] {
  return logins.map((login) => idOf(state, login));
}

function idOf(state: State, login: string): number {
  const owner = state.owners.find((candidate) => candidate.login === login);
  if (owner === undefined) {
    throw new Error(
      `The seed of the lab's Forgejo refers to "${login}", but has no such user or organisation. ` +
        "Add it to the seed's users or organisations.",
    );
  }
  return owner.id;
}
