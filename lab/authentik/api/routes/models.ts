// Stands in for Authentik: the part of its API that is the same for every model: list, read, create, update, delete.
import type { Context } from "hono";
import { Hono } from "hono";
import type { Access, Caller } from "../access.ts";
import { refuse } from "../access.ts";
import type { Database } from "../../models/database.ts";
import type { Json, JsonObject } from "../../../shared/json.ts";
import { isObject, shown } from "../../../shared/json.ts";
import { models } from "../../models/models.ts";
import type { Row } from "../../models/state.ts";
import { asAnswer, bindsNobody, validate } from "../../models/validation.ts";

/** How the API exposes a model. */
export interface Resource {
  /** Path of the list, such as `/core/users`. */
  readonly path: string;
  readonly model: string;
  /** Field that identifies an object in the path. Default `pk`. */
  readonly lookup?: string;
  /** Query parameters that filter a list by the field of the same name. */
  readonly filters: readonly string[];
  /** Those of them that only take values that some object has: django-filter's `AllValuesMultipleFilter`. */
  readonly choices?: readonly string[];
  readonly view: (row: Row) => JsonObject;
  /** Objects that the caller may access without the permission. Other objects are then a 404 instead of a 403. */
  readonly isOwn?: (caller: Caller, row: Row) => boolean;
  /** Allowed operations besides reading. Default: all. */
  readonly changes?: readonly ("add" | "change" | "delete")[];
  /** Sorts the list by creation, newest first. */
  readonly newestFirst?: true;
  /** Searchable fields, for lists with a search. */
  readonly autocomplete?: JsonObject;
  /** Decides whether the list contains an object, instead of the permission. */
  readonly isListed?: (caller: Caller, row: Row, query: Readonly<Record<string, string>>) => boolean;
}

export interface Handling {
  readonly database: Database;
  readonly access: Access;
  readonly resource: Resource;
}

/** The routes of one model under `/api/v3`. */
export function modelRoutes(handling: Handling): Hono {
  const { path } = handling.resource;
  const app = new Hono();
  app.get(`${path}/`, (c) => list(handling, c));
  app.get(`${path}/:key/`, (c) => c.json(handling.resource.view(locate(handling, c, "view"))));
  const { changes = ["add", "change", "delete"] } = handling.resource;
  if (changes.includes("add")) app.post(`${path}/`, async (c) => create(handling, c, await readBody(c)));
  if (changes.includes("change"))
    app.on(["PATCH", "PUT"], `${path}/:key/`, async (c) => change(handling, c, await readBody(c)));
  if (changes.includes("delete"))
    app.delete(`${path}/:key/`, (c) => {
      handling.database.delete(handling.resource.model, locate(handling, c, "delete"));
      handling.database.save();
      return c.body(null, 204);
    });
  return app;
}

/** The name of a permission, such as `authentik_core.view_user`. */
export const permissionFor = (action: string, model: string): string => model.replace(".", `.${action}_`);

/** The object in the path. Throws the response if it does not exist or the caller lacks the permission. */
export function locate(handling: Handling, c: Context, action: "view" | "change" | "delete"): Row {
  const { database, access, resource } = handling;
  const caller = access.caller(c);
  const key = c.req.param("key") ?? "";
  const row = database.all(resource.model).find((other) => shown(other[resource.lookup ?? "pk"]) === key);
  const view = permissionFor("view", resource.model);
  if (resource.isOwn === undefined) caller.require(view);
  if (row === undefined || (!caller.may(view) && resource.isOwn?.(caller, row) !== true))
    refuse(404, { detail: `No ${models[resource.model]?.name ?? resource.model} matches the given query.` });
  if (action !== "view") caller.require(permissionFor(action, resource.model));
  return row;
}

export async function readBody(c: Context): Promise<JsonObject> {
  const body = await c.req.json<Json>().catch(() => refuse(400, { detail: "JSON parse error" }));
  return isObject(body) ? body : refuse(400, { non_field_errors: ["Invalid data. Expected a dictionary."] });
}

/** A page of a list, with Authentik's pagination. */
export function page(c: Context, rows: readonly JsonObject[], autocomplete: JsonObject = {}): JsonObject {
  const size = Math.min(Math.max(Number(c.req.query("page_size") ?? 20) || 20, 1), 100);
  const total_pages = Math.max(Math.ceil(rows.length / size), 1);
  const current = Number(c.req.query("page") ?? 1);
  if (!Number.isInteger(current) || current < 1 || current > total_pages) refuse(404, { detail: "Invalid page." });
  const results = rows.slice((current - 1) * size, current * size);
  const pagination = {
    next: current < total_pages ? current + 1 : 0,
    previous: current - 1,
    count: rows.length,
    current,
    total_pages,
    start_index: rows.length === 0 ? 0 : (current - 1) * size + 1,
    end_index: (current - 1) * size + results.length,
  };
  return { pagination, results: [...results], autocomplete };
}

function list({ database, access, resource }: Handling, c: Context): Response {
  const caller = access.caller(c);
  const query = c.req.query();
  const { isOwn, isListed } = resource;
  const view = permissionFor("view", resource.model);
  if (isOwn === undefined && isListed === undefined) caller.require(view);
  for (const name of resource.choices ?? []) {
    const value = query[name];
    if (value === undefined || database.all(resource.model).some((row) => shown(row[name]) === value)) continue;
    refuse(400, { [name]: [`Select a valid choice. ${value} is not one of the available choices.`] });
  }
  const rows = database
    .all(resource.model)
    .filter((row) => isListed?.(caller, row, query) ?? (caller.may(view) || isOwn?.(caller, row) === true))
    .filter((row) => resource.filters.every((name) => query[name] === undefined || query[name] === shown(row[name])));
  if (resource.newestFirst === true) rows.reverse();
  return c.json(page(c, rows.map(resource.view), resource.autocomplete));
}

function create({ database, access, resource }: Handling, c: Context, body: JsonObject): Response {
  access.caller(c).require(permissionFor("add", resource.model));
  const row = createChecked(database, resource.model, body);
  return c.json(resource.view(row), 201);
}

/** Creates an object, or throws a 400 with the validation errors. */
export function createChecked(database: Database, model: string, values: JsonObject): Row {
  check(database, model, values);
  const row = database.create(model, values);
  database.save();
  return row;
}

function change(handling: Handling, c: Context, body: JsonObject): Response {
  const { database, resource } = handling;
  const row = locate(handling, c, "change");
  check(database, resource.model, body, row);
  database.update(resource.model, row, body);
  database.save();
  return c.json(resource.view(row));
}

function check(database: Database, model: string, values: JsonObject, existing?: Row): void {
  const errors = asAnswer(validate(database, model, values, existing));
  if (Object.keys(errors).length > 0) refuse(400, errors);
  if (model === "authentik_policies.policybinding" && bindsNobody(values, existing))
    refuse(400, { non_field_errors: ["One of 'group', 'policy' or 'user' must be set."] });
}
