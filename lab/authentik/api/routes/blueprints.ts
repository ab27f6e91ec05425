// Stands in for Authentik: the API of its blueprints.
import { Hono } from "hono";
import { HTTPException } from "hono/http-exception";
import type { Access } from "../access.ts";
import { refuse } from "../access.ts";
import type { BlueprintFolder } from "../../blueprints/files.ts";
import { BlueprintSyntaxError, parseBlueprint } from "../../blueprints/syntax.ts";
import { BlueprintTagError } from "../../blueprints/tags.ts";
import type { Database } from "../../models/database.ts";
import { isAtLeast } from "../../models/database.ts";
import { EntryInvalidError, tryBlueprint } from "../../blueprints/importer.ts";
import { object, text } from "../../../shared/json.ts";
import type { JsonObject } from "../../../shared/json.ts";
import { modelRoutes, permissionFor, readBody } from "./models.ts";
import type { Resource } from "./models.ts";
import { taskModel, taskView } from "../../blueprints/tasks.ts";
import { instanceView } from "../views.ts";
import type { Worker } from "../../blueprints/worker.ts";
import { createInstance, instanceModel, metadataOf } from "../../blueprints/worker.ts";

export interface BlueprintRoutesOptions {
  readonly database: Database;
  readonly access: Access;
  readonly folder: BlueprintFolder;
  readonly worker: Worker;
  /** Environment of the server. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

const base = "/managed/blueprints";

/** `/managed/blueprints/…`. */
export function blueprintRoutes({ database, access, folder, worker, environment }: BlueprintRoutesOptions): Hono {
  const resource: Resource = { path: base, model: instanceModel, filters: ["path", "name"], view: instanceView };
  const app = new Hono();

  // Every signed-in account may list the files.
  app.get(`${base}/available/`, (c) => {
    access.caller(c);
    return c.json(
      folder.available().map(({ path, hash, modified, blueprint }) => {
        return { path, version: blueprint.version, hash, last_m: modified, meta: metadataOf(blueprint, path) };
      }),
    );
  });

  app.post(`${base}/`, async (c) => {
    access.caller(c).require(permissionFor("add", instanceModel));
    const body = await readBody(c);
    const [name, path, content] = [text(body["name"]), text(body["path"]), text(body["content"])];
    if (name === "") refuse(400, { name: ["This field is required."] });
    if (database.find(instanceModel, { name }) !== undefined)
      refuse(400, { name: ["Blueprint Instance with this name already exists."] });
    if (path !== "" && folder.read(path) === undefined) refuse(400, { path: ["Blueprint file does not exist"] });
    if (path === "" && content === "") refuse(400, { non_field_errors: ["Either path or content must be set."] });
    if (content !== "") checkContent(database, environment, content, object(body["context"]));
    const context = object(body["context"]);
    const instance = createInstance(database, { name, path, content, context, enabled: body["enabled"] !== false });
    database.save();
    return c.json(instanceView(instance), 201);
  });

  // Applying is a POST, for which Authentik also requires the add permission.
  app.post(`${base}/:key/apply/`, (c) => {
    access.caller(c).require(permissionFor("view", instanceModel), permissionFor("add", instanceModel));
    const instance = database.get(instanceModel, c.req.param("key"));
    if (instance === undefined) refuse(404, { detail: "No BlueprintInstance matches the given query." });
    worker.queue(instance.pk);
    return c.json(instanceView(instance));
  });

  // Applies a file once, without an instance.
  if (isAtLeast(database.version, "2026.5"))
    app.post(`${base}/import/`, async (c) => {
      const caller = access.caller(c);
      const { file, path } = await c.req.parseBody();
      const content = file instanceof File ? await file.text() : folder.read(typeof path === "string" ? path : "");
      if (content === undefined) refuse(400, { non_field_errors: ["Either path or file must be set."] });
      for (const model of modelsOf(content))
        caller.require(...["add", "change", "delete"].map((action) => permissionFor(action, model)));
      return c.json(worker.importOnce(content));
    });

  app.route("/", modelRoutes({ database, access, resource }));
  const tasks: Resource = {
    path: "/tasks/tasks",
    model: taskModel,
    filters: ["rel_obj_app_label", "rel_obj_model", "rel_obj_id", "actor_name", "state", "aggregated_status", "uid"],
    changes: [],
    newestFirst: true,
    view: taskView,
  };
  app.route("/", modelRoutes({ database, access, resource: tasks }));
  return app;
}

/** The models in a blueprint; empty if it cannot be parsed, which applying it will report. */
function modelsOf(content: string): readonly string[] {
  try {
    return parseBlueprint(content).entries.flatMap(({ model }) => (typeof model === "string" ? [model] : []));
  } catch (error) {
    if (error instanceof BlueprintSyntaxError) return [];
    throw error;
  }
}

/** Validates content from a request. This happens in the server, whose environment differs from the worker's. */
function checkContent(
  database: Database,
  environment: Readonly<Record<string, string | undefined>>,
  content: string,
  context: JsonObject,
): void {
  try {
    const options = { database, environment, context, applyOther: () => true };
    const { valid, log } = tryBlueprint(parseBlueprint(content), options);
    // Authentik returns the first lines of its log, whether or not they contain the error.
    if (!valid)
      refuse(400, { content: ["Failed to validate blueprint", ...log.slice(0, 5).map((line) => `- ${line}`)] });
  } catch (error) {
    const isUnreported = error instanceof EntryInvalidError && error.unreported;
    if (!isUnreported && !(error instanceof BlueprintSyntaxError) && !(error instanceof BlueprintTagError)) throw error;
    const headers = { "content-type": "text/html; charset=utf-8", allow: "GET, HEAD, OPTIONS" };
    throw new HTTPException(405, { res: new Response("", { status: 405, headers }) });
  }
}
