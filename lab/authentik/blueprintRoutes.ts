// Stands in for Authentik: the API of its blueprints.
import { Hono } from "hono";
import { HTTPException } from "hono/http-exception";
import type { Access } from "./access.ts";
import { refuse } from "./access.ts";
import type { BlueprintFolder } from "./blueprintFiles.ts";
import { BlueprintSyntaxError, parseBlueprint } from "./blueprintSyntax.ts";
import { BlueprintTagError } from "./blueprintTags.ts";
import type { Database } from "./database.ts";
import { EntryInvalidError, tryBlueprint } from "./importer.ts";
import { object, text } from "./json.ts";
import type { JsonObject } from "./json.ts";
import { modelRoutes, permissionFor, readBody } from "./modelRoutes.ts";
import type { Resource } from "./modelRoutes.ts";
import { instanceView } from "./views.ts";
import type { Worker } from "./worker.ts";
import { createInstance, instanceModel, metadataOf } from "./worker.ts";

export interface BlueprintRoutesOptions {
  readonly database: Database;
  readonly access: Access;
  readonly folder: BlueprintFolder;
  readonly worker: Worker;
}

const base = "/managed/blueprints";

/** `/managed/blueprints/` and what is below it. */
export function blueprintRoutes({ database, access, folder, worker }: BlueprintRoutesOptions): Hono {
  const resource: Resource = { path: base, model: instanceModel, filters: ["path", "name"], view: instanceView };
  const app = new Hono();

  // Anybody who is signed in may see which files there are.
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
    if (content !== "") checkContent(database, content, object(body["context"]));
    const context = object(body["context"]);
    const instance = createInstance(database, { name, path, content, context, enabled: body["enabled"] !== false });
    database.save();
    return c.json(instanceView(instance), 201);
  });

  // Applying is a POST, for which Authentik also wants the permission to add.
  app.post(`${base}/:key/apply/`, (c) => {
    access.caller(c).require(permissionFor("view", instanceModel), permissionFor("add", instanceModel));
    const instance = database.get(instanceModel, c.req.param("key"));
    if (instance === undefined) refuse(404, { detail: "No BlueprintInstance matches the given query." });
    worker.queue(instance.pk);
    return c.json(instanceView(instance));
  });

  app.route("/", modelRoutes({ database, access, resource }));
  return app;
}

/** Content in a request is tried out in the server, which has nothing of the worker's environment. */
function checkContent(database: Database, content: string, context: JsonObject): void {
  try {
    const options = { database, environment: {}, context, applyOther: () => true };
    const { valid, log } = tryBlueprint(parseBlueprint(content), options);
    // Authentik shows the first lines of its log, whatever they say.
    if (!valid)
      refuse(400, { content: ["Failed to validate blueprint", ...log.slice(0, 5).map((line) => `- ${line}`)] });
  } catch (error) {
    const isUnreported = error instanceof EntryInvalidError && error.unreported;
    if (!isUnreported && !(error instanceof BlueprintSyntaxError) && !(error instanceof BlueprintTagError)) throw error;
    const headers = { "content-type": "text/html; charset=utf-8", allow: "GET, HEAD, OPTIONS" };
    throw new HTTPException(405, { res: new Response("", { status: 405, headers }) });
  }
}
