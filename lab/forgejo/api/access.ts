// Stands in for Forgejo 14.0.2: authentication, token scopes, permissions and the repository in a path.
import type { Context } from "hono";
import { Moved, notFound, Refusal } from "./format/responses.ts";
import { digest } from "../seed.ts";
import { findOwner, findRepository, ownerOf, repositoryOf } from "../state.ts";
import type { Instance, Owner, Permission, Repository, State } from "../state.ts";

/** An authenticated user. A password grants all scopes, a token only its own. */
export interface Caller {
  readonly user: Owner;
  readonly scopes: readonly string[];
}

export type Category = "repository" | "organization" | "user" | "admin";

const RANK: Record<Permission, number> = { read: 1, write: 2, admin: 3, owner: 4 };

/** The caller, null for an anonymous request. Wrong credentials are rejected even if none are required. */
export function callerOf({ store }: Instance, context: Context): Caller | null {
  const [scheme = "", credentials] = (context.req.header("Authorization") ?? "").split(" ");
  if (credentials !== undefined) {
    switch (scheme.toLowerCase()) {
      case "token":
      case "bearer":
        return byToken(store.data, credentials) ?? refuseCredentials();
      case "basic":
        return byBasic(store.data, credentials) ?? refuseCredentials();
    }
  }
  const query = tokenOfQuery(context);
  return query === undefined ? null : (byToken(store.data, query) ?? refuseCredentials());
}

/** A token in the query, which is deprecated. */
export function tokenOfQuery(context: Context): string | undefined {
  return context.req.query("token") ?? context.req.query("access_token");
}

function byToken(state: State, token: string): Caller | undefined {
  const hash = digest(token);
  const found = state.tokens.find((candidate) => candidate.hash === hash);
  return found && { user: ownerOf(state, found.userId), scopes: found.scopes };
}

/** `user:password`; a token may replace either part. */
function byBasic(state: State, credentials: string): Caller | undefined {
  const [login = "", password = ""] = Buffer.from(credentials, "base64").toString().split(":");
  const byCredentials = byToken(state, password) ?? byToken(state, login);
  if (byCredentials !== undefined) return byCredentials;
  const user = findOwner(state, login);
  return user !== undefined && user.passwordHash === digest(password) ? { user, scopes: ["all"] } : undefined;
}

function refuseCredentials(): never {
  throw new Refusal(401, "user does not exist [uid: 0, name: ]");
}

/** Checks the scope that the method requires. Skips anonymous requests, which later checks handle. */
export function requireScope(caller: Caller | null, category: Category, method: string): void {
  if (caller === null) return;
  const reads = method === "GET" || method === "HEAD";
  const wanted = `${reads ? "read" : "write"}:${category}`;
  const { scopes } = caller;
  if (scopes.includes("all") || scopes.includes(wanted) || scopes.includes(`write:${category}`)) return;
  throw new Refusal(403, `token does not have at least one of required scope(s): [${wanted}]`);
}

export function requireToken(caller: Caller | null): Caller {
  if (caller === null) throw new Refusal(401, "token is required");
  return caller;
}

/** The caller's permission on the repository, null if they cannot see it. */
export function permissionOn(state: State, caller: Caller | null, repository: Repository): Permission | null {
  const found: Permission[] = repository.private ? [] : ["read"];
  if (caller !== null) {
    const { user } = caller;
    if (user.isAdmin || user.id === repository.ownerId) found.push("owner");
    for (const team of state.teams) {
      // Members of an admin team own the organisation's repositories.
      const inTeam = team.organisationId === repository.ownerId && team.members.includes(user.id);
      if (inTeam) found.push(team.permission === "admin" ? "owner" : team.permission);
    }
    for (const collaborator of repository.collaborators) {
      if (collaborator.userId === user.id) found.push(collaborator.permission);
    }
  }
  return found.reduce<Permission | null>((best, one) => (best === null || RANK[one] > RANK[best] ? one : best), null);
}

export function allows(permission: Permission, wanted: Permission): boolean {
  return RANK[permission] >= RANK[wanted];
}

/** The repository with the path's `owner` and `repo`. Throws if the caller cannot read it. */
export function repositoryOfPath(
  instance: Instance,
  context: Context,
  caller: Caller | null,
): { readonly repository: Repository; readonly permission: Permission } {
  const state = instance.store.data;
  const login = context.req.param("owner") ?? "";
  const name = context.req.param("repo") ?? "";
  const owner = findOwner(state, login);
  if (owner === undefined) {
    const redirect = state.ownerRedirects.find((old) => old.login.toLowerCase() === login.toLowerCase());
    if (redirect === undefined) {
      throw new Refusal(404, "GetUserByName", { errors: [`user redirect does not exist [name: ${login}]`] });
    }
    throw new Moved(307, location(context, ownerOf(state, redirect.ownerId).login, name));
  }
  const repository = findRepository(state, owner.id, name);
  if (repository === undefined) {
    const redirect = state.repositoryRedirects.find(
      (old) => old.ownerId === owner.id && old.name.toLowerCase() === name.toLowerCase(),
    );
    if (redirect === undefined) throw notFound();
    const target = repositoryOf(state, redirect.repositoryId);
    // A redirect must not reveal that a private repository exists.
    if (permissionOn(state, caller, target) === null) throw notFound();
    throw new Moved(301, location(context, ownerOf(state, target.ownerId).login, target.name));
  }
  const permission = permissionOn(state, caller, repository);
  if (permission === null) throw notFound();
  return { repository, permission };
}

/** The same path under another owner and name, relative to the server. */
function location(context: Context, owner: string, name: string): string {
  const { pathname, search } = new URL(context.req.url);
  const rest = pathname.split("/").slice(6);
  return ["/api/v1/repos", owner, name, ...rest].join("/") + search;
}
