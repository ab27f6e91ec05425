// Stands in for Authentik: all permissions and the permissions of a role, `/rbac/permissions/`.
import { Hono } from "hono";
import type { Access } from "../access.ts";
import { refuse } from "../access.ts";
import type { Database } from "../../models/database.ts";
import type { JsonObject } from "../../../shared/json.ts";
import { list, text } from "../../../shared/json.ts";
import { page } from "./models.ts";
import { models } from "../../models/models.ts";

/** Every signed-in account may read the permissions of a role. */
export function permissionRoutes(database: Database, access: Access): Hono {
  const app = new Hono();
  app.get("/rbac/permissions/", (c) => {
    access.caller(c);
    const key = c.req.query("role");
    return c.json(page(c, (key === undefined ? every() : permissionsOf(database, key)).map(permissionView)));
  });
  return app;
}

function permissionsOf(database: Database, key: string): readonly string[] {
  const role = database.get("authentik_rbac.role", key);
  if (role === undefined)
    refuse(400, { role: ["Select a valid choice. That choice is not one of the available choices."] });
  return list(role["permissions"]).map(text);
}

/** All permissions of all models. */
function every(): readonly string[] {
  return Object.keys(models).flatMap((label) =>
    ["add", "change", "delete", "view"].map((action) => label.replace(".", `.${action}_`)),
  );
}

function permissionView(permission: string, index: number): JsonObject {
  const [app_label = "", codename = ""] = permission.split(".");
  const model = codename.slice(codename.indexOf("_") + 1);
  const name = `Can ${codename.replaceAll("_", " ")}`;
  return { id: index + 1, name, codename, model, app_label, app_label_verbose: app_label, model_verbose: model };
}
