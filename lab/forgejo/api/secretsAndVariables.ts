// Stands in for Forgejo 14.0.2: secrets and variables of repositories, organisations and users.
import { allows, repositoryOfPath, requireScope, requireToken } from "./access.ts";
import { empty, json, Refusal } from "./format/responses.ts";
import { bind, stringOf } from "./format/binding.ts";
import type { Form } from "./format/binding.ts";
import { organisationOfPath, owns } from "./owners.ts";
import { pageIfAsked } from "./format/paging.ts";
import { part } from "./routes.ts";
import type { Call, Route } from "./routes.ts";
import { now } from "../state.ts";
import type { Entry, Holder } from "../state.ts";

/** Finds the holder in the path. Throws if the caller has insufficient permissions. */
export type HolderOf = (call: Call) => { readonly holder: Holder; readonly isRepository: boolean };

const SECRET: Form = { type: "CreateOrUpdateSecretOption", fields: { data: { kind: "string", required: true } } };
const NEW_VARIABLE: Form = { type: "CreateVariableOption", fields: { value: { kind: "string", required: true } } };
const VARIABLE: Form = {
  type: "UpdateVariableOption",
  fields: { name: { kind: "string" }, value: { kind: "string", required: true } },
};

export function addEntryRoutes(route: Route): void {
  addSecrets(route, "/api/v1/repos/:owner/:repo/actions", ofRepository, { listed: true });
  addSecrets(route, "/api/v1/orgs/:org/actions", ofOrganisation, { listed: true });
  // This version cannot list a user's secrets.
  addSecrets(route, "/api/v1/user/actions", ofUser, { listed: false });
  addVariables(route, "/api/v1/repos/:owner/:repo/actions", ofRepository);
  addVariables(route, "/api/v1/orgs/:org/actions", ofOrganisation);
  addVariables(route, "/api/v1/user/actions", ofUser);
}

export const ofRepository: HolderOf = ({ instance, context, caller }) => {
  requireScope(caller, "repository", context.req.method);
  const { repository, permission } = repositoryOfPath(instance, context, caller);
  requireToken(caller);
  if (!allows(permission, "owner")) throw new Refusal(403, "user should be the owner of the repo");
  return { holder: repository, isRepository: true };
};

export const ofOrganisation: HolderOf = (call) => {
  requireScope(call.caller, "organization", call.context.req.method);
  const organisation = organisationOfPath(call);
  const { user } = requireToken(call.caller);
  if (!owns(call.instance, user, organisation.id)) throw new Refusal(403, "Must be an organization owner");
  return { holder: organisation, isRepository: false };
};

export const ofUser: HolderOf = ({ context, caller }) => {
  const { user } = requireToken(caller);
  requireScope(caller, "user", context.req.method);
  return { holder: user, isRepository: false };
};

function addSecrets(route: Route, path: string, holderOf: HolderOf, { listed }: { readonly listed: boolean }): void {
  if (listed) {
    route(`${path}/secrets`, {
      GET: (call) => {
        const secrets = byName(holderOf(call).holder.secrets);
        const shown = pageIfAsked(secrets, call.context.req.query());
        return json(
          200,
          shown.map(({ name, createdAt }) => ({ name, created_at: createdAt })),
          { "X-Total-Count": String(secrets.length) },
        );
      },
    });
  }
  route(`${path}/secrets/:name`, {
    PUT: async (call) => {
      const { holder } = holderOf(call);
      const value = newlines(stringOf(await bind(call.context, SECRET), "data"));
      const name = checkedName(part(call, "name"));
      const existing = find(holder.secrets, name);
      if (existing === undefined) holder.secrets.push({ name, value, createdAt: now() });
      else existing.value = value;
      call.instance.store.save();
      return empty(existing === undefined ? 201 : 204);
    },
    DELETE: (call) => {
      const { holder } = holderOf(call);
      const name = checkedName(part(call, "name"));
      if (find(holder.secrets, name) === undefined) throw new Refusal(404, "secret was not found [name: ]");
      holder.secrets = holder.secrets.filter((secret) => secret.name !== name);
      call.instance.store.save();
      return empty(204);
    },
  });
}

function addVariables(route: Route, path: string, holderOf: HolderOf): void {
  route(`${path}/variables`, {
    GET: (call) => {
      const { holder, isRepository } = holderOf(call);
      const variables = byName(holder.variables);
      const shown = pageIfAsked(variables, call.context.req.query());
      return json(
        200,
        shown.map((variable) => showVariable(holder, isRepository, variable)),
        { "X-Total-Count": String(variables.length) },
      );
    },
  });
  route(`${path}/variables/:name`, {
    GET: (call) => {
      const { holder, isRepository } = holderOf(call);
      return json(200, showVariable(holder, isRepository, foundVariable(holder, part(call, "name"))));
    },
    POST: async (call) => {
      const { holder } = holderOf(call);
      const value = newlines(stringOf(await bind(call.context, NEW_VARIABLE), "value"));
      const asked = part(call, "name");
      if (find(holder.variables, asked.toUpperCase()) !== undefined) {
        throw new Refusal(409, `variable name ${asked} already exists`);
      }
      holder.variables.push({ name: checkedVariableName(asked), value, createdAt: now() });
      call.instance.store.save();
      return empty(204);
    },
    PUT: async (call) => {
      const { holder } = holderOf(call);
      const body = await bind(call.context, VARIABLE);
      const old = foundVariable(holder, part(call, "name"));
      const name = checkedVariableName(stringOf(body, "name") || old.name);
      const changed = { name, value: newlines(stringOf(body, "value")), createdAt: old.createdAt };
      holder.variables = holder.variables.map((variable) => (variable === old ? changed : variable));
      call.instance.store.save();
      return empty(204);
    },
    DELETE: (call) => {
      const { holder } = holderOf(call);
      const variable = foundVariable(holder, checkedName(part(call, "name")));
      holder.variables = holder.variables.filter((other) => other !== variable);
      call.instance.store.save();
      return empty(204);
    },
  });
}

/** The stored form of a name. This version allows `FORGEJO_` and `CI` for secrets. */
function checkedName(name: string): string {
  if (!/^[a-z_][a-z0-9_]*$/i.test(name) || /^(?:gitea|github)_/i.test(name)) {
    throw new Refusal(400, "invalid secret name");
  }
  return name.toUpperCase();
}

function checkedVariableName(name: string): string {
  const checked = checkedName(name);
  if (checked === "CI") throw new Refusal(400, "env name cannot be ci");
  return checked;
}

function foundVariable(holder: Holder, name: string): Entry {
  const variable = find(holder.variables, name.toUpperCase());
  if (variable === undefined) throw new Refusal(404, "variable not found");
  return variable;
}

function showVariable(holder: Holder, isRepository: boolean, { name, value }: Entry): object {
  return { owner_id: isRepository ? 0 : holder.id, repo_id: isRepository ? holder.id : 0, name, data: value };
}

function find(entries: readonly Entry[], name: string): Entry | undefined {
  return entries.find((entry) => entry.name === name);
}

function byName(entries: readonly Entry[]): Entry[] {
  return entries.toSorted((left, right) => (left.name < right.name ? -1 : 1));
}

function newlines(value: string): string {
  return value.replaceAll("\r\n", "\n");
}
