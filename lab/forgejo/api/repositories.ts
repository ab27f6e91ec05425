// Stands in for Forgejo 14.0.2: repositories, their settings, collaborators and transfers.
import { allows, permissionOn, repositoryOfPath, requireScope, requireToken } from "./access.ts";
import { empty, json, notFound, Refusal } from "./format/responses.ts";
import { bind, stringOf } from "./format/binding.ts";
import type { Body, Form } from "./format/binding.ts";
import { organisationOfPath, owns } from "./owners.ts";
import { showRepository } from "./format/representations.ts";
import { part } from "./routes.ts";
import type { Call, Route } from "./routes.ts";
import { addRepository } from "../seed.ts";
import { findOwner, findRepository, now } from "../state.ts";
import type { Owner, Permission, Repository } from "../state.ts";

const NEW: Form = {
  type: "CreateRepoOption",
  fields: {
    name: { kind: "string", required: true },
    private: { kind: "bool" },
    auto_init: { kind: "bool" },
    default_branch: { kind: "string" },
  },
};
const EDIT: Form = {
  type: "EditRepoOption",
  fields: {
    name: { kind: "string" },
    description: { kind: "string" },
    private: { kind: "bool" },
    archived: { kind: "bool" },
    has_actions: { kind: "bool" },
  },
};
const COLLABORATOR: Form = { type: "AddCollaboratorOption", fields: { permission: { kind: "string" } } };
const TRANSFER: Form = { type: "TransferRepoOption", fields: { new_owner: { kind: "string", required: true } } };

export function addRepositoryRoutes(route: Route): void {
  route("/api/v1/user/repos", {
    POST: (call) => {
      const { user } = requireToken(call.caller);
      requireScope(call.caller, "repository", "POST");
      return create(call, user);
    },
  });
  route("/api/v1/orgs/:org/repos", {
    POST: (call) => {
      requireScope(call.caller, "organization", "POST");
      const organisation = organisationOfPath(call);
      const { user } = requireToken(call.caller);
      if (!owns(call.instance, user, organisation.id))
        throw new Refusal(403, "Given user is not allowed to create repository in organization.");
      return create(call, organisation);
    },
  });
  route("/api/v1/repos/:owner/:repo", {
    GET: (call) => {
      const { repository, permission } = open(call);
      return json(200, showRepository(call.instance, repository, permission));
    },
    PATCH: edit,
    DELETE: remove,
  });
  route("/api/v1/repos/:owner/:repo/collaborators/:login", { PUT: addCollaborator });
  route("/api/v1/repos/:owner/:repo/transfer", { POST: transfer });
  route("/api/v1/repos/:owner/:repo/transfer/accept", { POST: acceptTransfer });
}

/** The repository in the path. Checks the scope that the method requires. */
export function open(call: Call): { readonly repository: Repository; readonly permission: Permission } {
  requireScope(call.caller, "repository", call.context.req.method);
  return repositoryOfPath(call.instance, call.context, call.caller);
}

async function create(call: Call, owner: Owner): Promise<Response> {
  const body = await bind(call.context, NEW);
  const name = checkedName(stringOf(body, "name"));
  const { store } = call.instance;
  if (findRepository(store.data, owner.id, name) !== undefined) {
    throw new Refusal(409, "The repository with the same name already exists.");
  }
  const repository = addRepository(
    store.data,
    owner.id,
    name,
    {
      private: body["private"] === true,
      defaultBranch: stringOf(body, "default_branch") || "main",
      files: body["auto_init"] === true ? { "README.md": `# ${name}\n` } : {},
    },
    call.instance.version,
  );
  takeName(call, owner.id, name);
  store.save();
  return json(201, showRepository(call.instance, repository, "owner"));
}

async function edit(call: Call): Promise<Response> {
  const { repository, permission } = open(call);
  requireToken(call.caller);
  if (!allows(permission, "admin")) {
    throw new Refusal(403, "user should be an owner or a collaborator with admin write of a repository");
  }
  const body = await bind(call.context, EDIT);
  renameTo(call, repository, stringOf(body, "name"));
  repository.description = textOr(body, "description", repository.description);
  repository.private = flagOr(body, "private", repository.private);
  repository.archived = flagOr(body, "archived", repository.archived);
  const hadActions = repository.hasActions;
  repository.hasActions = flagOr(body, "has_actions", hadActions);
  if (!hadActions && repository.hasActions && call.instance.version.idsInTokens) repository.idsInSubject = true;
  repository.updatedAt = now();
  call.instance.store.save();
  return json(200, showRepository(call.instance, repository, permission));
}

function renameTo(call: Call, repository: Repository, asked: string): void {
  if (asked === "" || asked === repository.name) return;
  const name = checkedName(asked);
  const state = call.instance.store.data;
  const other = findRepository(state, repository.ownerId, name);
  if (other !== undefined && other !== repository) {
    throw new Refusal(422, `repo name is already taken [name: ${name}]`);
  }
  takeName(call, repository.ownerId, name);
  state.repositoryRedirects.push({
    ownerId: repository.ownerId,
    name: repository.name,
    repositoryId: repository.id,
  });
  repository.name = name;
}

function remove(call: Call): Response {
  const { repository, permission } = open(call);
  requireToken(call.caller);
  if (!allows(permission, "owner")) throw new Refusal(403, "user should be the owner of the repo");
  const state = call.instance.store.data;
  state.repositories.splice(state.repositories.indexOf(repository), 1);
  state.repositoryRedirects = state.repositoryRedirects.filter((old) => old.repositoryId !== repository.id);
  for (const run of state.runs.filter((candidate) => candidate.repositoryId === repository.id)) {
    state.runs.splice(state.runs.indexOf(run), 1);
  }
  call.instance.store.save();
  return empty(204);
}

async function addCollaborator(call: Call): Promise<Response> {
  const { repository, permission } = open(call);
  requireToken(call.caller);
  if (!allows(permission, "admin")) {
    throw new Refusal(403, "user should be an owner or a collaborator with admin write of a repository");
  }
  const asked = stringOf(await bind(call.context, COLLABORATOR), "permission");
  const user = findOwner(call.instance.store.data, part(call, "login"));
  if (user?.kind !== "user") throw new Refusal(422, `user does not exist [uid: 0, name: ${part(call, "login")}]`);
  const granted = asked === "read" || asked === "admin" ? asked : "write";
  const existing = repository.collaborators.find((collaborator) => collaborator.userId === user.id);
  if (existing === undefined) repository.collaborators.push({ userId: user.id, permission: granted });
  else existing.permission = granted;
  call.instance.store.save();
  return empty(204);
}

/** Transfers at once to the caller's own organisation. Other owners must accept first. */
async function transfer(call: Call): Promise<Response> {
  const { repository, permission } = open(call);
  const { user } = requireToken(call.caller);
  if (!allows(permission, "owner")) throw new Refusal(403, "user should be the owner of the repo");
  const name = stringOf(await bind(call.context, TRANSFER), "new_owner");
  const newOwner = findOwner(call.instance.store.data, name);
  if (newOwner === undefined) throw new Refusal(404, "The new owner does not exist or cannot be found");
  const atOnce = user.isAdmin || (newOwner.kind === "organisation" && owns(call.instance, user, newOwner.id));
  if (atOnce) move(call, repository, newOwner);
  else repository.transferTo = newOwner.id;
  call.instance.store.save();
  return json(atOnce ? 202 : 201, showRepository(call.instance, repository, permission));
}

function acceptTransfer(call: Call): Response {
  requireScope(call.caller, "repository", "POST");
  const { user } = requireToken(call.caller);
  const state = call.instance.store.data;
  const owner = findOwner(state, part(call, "owner"));
  const repository = owner && findRepository(state, owner.id, part(call, "repo"));
  if (repository?.transferTo !== user.id) throw notFound();
  move(call, repository, user);
  call.instance.store.save();
  return json(202, showRepository(call.instance, repository, permissionOn(state, call.caller, repository) ?? "read"));
}

function move(call: Call, repository: Repository, newOwner: Owner): void {
  const state = call.instance.store.data;
  if (findRepository(state, newOwner.id, repository.name) !== undefined) {
    throw new Refusal(422, `repository already exists [uname: ${newOwner.login}, name: ${repository.name}]`);
  }
  takeName(call, newOwner.id, repository.name);
  state.repositoryRedirects.push({
    ownerId: repository.ownerId,
    name: repository.name,
    repositoryId: repository.id,
  });
  repository.ownerId = newOwner.id;
  repository.transferTo = null;
}

/** Removes the redirect of a name that is now in use. */
function takeName({ instance }: Call, ownerId: number, name: string): void {
  const state = instance.store.data;
  state.repositoryRedirects = state.repositoryRedirects.filter(
    (old) => old.ownerId !== ownerId || old.name.toLowerCase() !== name.toLowerCase(),
  );
}

function checkedName(name: string): string {
  if (!/^[\w.-]{1,100}$/.test(name) || /^\.+$/.test(name) || /\.(?:git|wiki|rss|atom)$/i.test(name)) {
    throw new Refusal(422, `name is reserved [name: ${name}]`);
  }
  return name;
}

function textOr(body: Body, name: string, otherwise: string): string {
  return body[name] === undefined ? otherwise : stringOf(body, name);
}

function flagOr(body: Body, name: string, otherwise: boolean): boolean {
  const value = body[name];
  return typeof value === "boolean" ? value : otherwise;
}
