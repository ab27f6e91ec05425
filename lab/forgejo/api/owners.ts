// Stands in for Forgejo 14.0.2: users, organisations and their teams.
import { requireScope, requireToken } from "./access.ts";
import { empty, json, Refusal } from "./format/responses.ts";
import { bind, stringOf } from "./format/binding.ts";
import type { Form } from "./format/binding.ts";
import { showOrganisation, showUser } from "./format/representations.ts";
import { part } from "./routes.ts";
import type { Call, Route } from "./routes.ts";
import { addOwner, addTeam } from "../seed.ts";
import { findOwner, ownerOf } from "../state.ts";
import type { Instance, Owner, Permission, Team } from "../state.ts";

const ORGANISATION: Form = { type: "CreateOrgOption", fields: { username: { kind: "string", required: true } } };
const RENAME: Form = { type: "RenameUserOption", fields: { new_username: { kind: "string", required: true } } };
const TEAM: Form = {
  type: "CreateTeamOption",
  fields: { name: { kind: "string", required: true }, permission: { kind: "string" } },
};

export function addOwnerRoutes(route: Route): void {
  route("/api/v1/user", {
    GET: ({ instance, caller }) => {
      const { user } = requireToken(caller);
      requireScope(caller, "user", "GET");
      return json(200, showUser(instance, user, { self: true }));
    },
  });
  route("/api/v1/users/:login", {
    GET: (call) => {
      requireScope(call.caller, "user", "GET");
      const owner = findOwner(call.instance.store.data, part(call, "login"));
      if (owner === undefined) {
        throw new Refusal(404, `user redirect does not exist [name: ${part(call, "login")}]`);
      }
      return json(200, showUser(call.instance, owner));
    },
  });
  route("/api/v1/admin/users/:login/rename", { POST: rename });
  route("/api/v1/orgs", { POST: createOrganisation });
  route("/api/v1/orgs/:org", {
    GET: (call) => {
      requireScope(call.caller, "organization", "GET");
      return json(200, showOrganisation(call.instance, organisationOfPath(call)));
    },
  });
  route("/api/v1/orgs/:org/teams", {
    GET: (call) => {
      const organisation = ownOrganisation(call, "GET");
      const teams = call.instance.store.data.teams.filter((team) => team.organisationId === organisation.id);
      return json(
        200,
        teams.map((team) => showTeam(call.instance, team, { organisation: false })),
        { "X-Total-Count": String(teams.length) },
      );
    },
    POST: createTeam,
  });
  route("/api/v1/teams/:id/members/:login", { PUT: addMember });
}

export function organisationOfPath(call: Call): Owner {
  const name = part(call, "org");
  const owner = findOwner(call.instance.store.data, name);
  if (owner?.kind !== "organisation") {
    throw new Refusal(404, "GetOrgByName", { errors: [`user redirect does not exist [name: ${name}]`] });
  }
  return owner;
}

async function createOrganisation({ instance, context, caller }: Call): Promise<Response> {
  const { user } = requireToken(caller);
  requireScope(caller, "organization", "POST");
  const name = stringOf(await bind(context, ORGANISATION), "username");
  const state = instance.store.data;
  if (findOwner(state, name) !== undefined) throw new Refusal(422, `user already exists [name: ${name}]`);
  const organisation = addOwner(state, "organisation", name);
  addTeam(state, organisation.id, "Owners", "owner", [user.id]);
  instance.store.save();
  return json(201, showOrganisation(instance, organisation));
}

async function createTeam(call: Call): Promise<Response> {
  const organisation = ownOrganisation(call, "POST");
  const body = await bind(call.context, TEAM);
  const permissions: Readonly<Record<string, Permission>> = { admin: "admin", write: "write" };
  const state = call.instance.store.data;
  addTeam(state, organisation.id, stringOf(body, "name"), permissions[stringOf(body, "permission")] ?? "read", []);
  call.instance.store.save();
  const team = state.teams.at(-1);
  return json(201, team && showTeam(call.instance, team, { organisation: true }));
}

function addMember(call: Call): Response {
  const { user } = requireToken(call.caller);
  requireScope(call.caller, "organization", "PUT");
  const state = call.instance.store.data;
  const team = state.teams.find((candidate) => String(candidate.id) === part(call, "id"));
  const member = findOwner(state, part(call, "login"));
  if (team === undefined || member === undefined) throw new Refusal(404, "The target couldn't be found.");
  if (!owns(call.instance, user, team.organisationId)) throw new Refusal(403, "Must be an organization owner");
  if (!team.members.includes(member.id)) team.members.push(member.id);
  call.instance.store.save();
  return empty(204);
}

async function rename(call: Call): Promise<Response> {
  const { user } = requireToken(call.caller);
  requireScope(call.caller, "admin", "POST");
  if (!user.isAdmin) throw new Refusal(403, "user should be the site admin");
  const state = call.instance.store.data;
  const owner = findOwner(state, part(call, "login"));
  if (owner === undefined) {
    throw new Refusal(404, "GetUserByName", {
      errors: [`user redirect does not exist [name: ${part(call, "login")}]`],
    });
  }
  const login = stringOf(await bind(call.context, RENAME), "new_username");
  if (findOwner(state, login) !== undefined) throw new Refusal(422, `user already exists [name: ${login}]`);
  state.ownerRedirects = [
    ...state.ownerRedirects.filter((old) => old.login !== login),
    { login: owner.login, ownerId: owner.id },
  ];
  owner.login = login;
  call.instance.store.save();
  return empty(204);
}

function ownOrganisation(call: Call, method: string): Owner {
  requireScope(call.caller, "organization", method);
  const organisation = organisationOfPath(call);
  const { user } = requireToken(call.caller);
  if (!owns(call.instance, user, organisation.id)) throw new Refusal(403, "Must be an organization owner");
  return organisation;
}

export function owns({ store }: Instance, user: Owner, organisationId: number): boolean {
  return (
    user.isAdmin ||
    store.data.teams.some(
      (team) => team.organisationId === organisationId && team.permission === "owner" && team.members.includes(user.id),
    )
  );
}

function showTeam(instance: Instance, team: Team, { organisation }: { readonly organisation: boolean }): object {
  const units = "issues ext_issues releases ext_wiki projects packages code pulls wiki actions"
    .split(" ")
    .map((unit) => `repo.${unit}`);
  return {
    id: team.id,
    name: team.name,
    description: "",
    organization: organisation ? showOrganisation(instance, ownerOf(instance.store.data, team.organisationId)) : null,
    includes_all_repositories: true,
    permission: team.permission,
    units,
    units_map: Object.fromEntries(units.toSorted().map((unit) => [unit, team.permission])),
    can_create_org_repo: team.permission === "owner",
  };
}
