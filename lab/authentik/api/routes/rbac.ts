// Stands in for Authentik: the API of roles, which hold all permissions.
import { Hono } from "hono";
import type { Access } from "../access.ts";
import { refuse } from "../access.ts";
import type { Database } from "../../models/database.ts";
import { list, text } from "../../../shared/json.ts";
import type { Handling } from "./models.ts";
import { modelRoutes, readBody } from "./models.ts";
import { roleView } from "../views.ts";

const model = "authentik_rbac.role";

/** `/rbac/…`. */
export function rbacRoutes(database: Database, access: Access): Hono {
  const app = new Hono();
  const resource: Handling["resource"] = { path: "/rbac/roles", model, filters: ["name"], view: roleView };
  for (const action of ["add_user", "remove_user"] as const) {
    app.post(`/rbac/roles/:key/${action}/`, async (c) => {
      access.caller(c).require("authentik_rbac.change_role", "authentik_core.change_user");
      const role = roleOf(database, c.req.param("key"));
      const user = database.get("authentik_core.user", (await readBody(c))["pk"]);
      if (user === undefined) refuse(404, { detail: "No User matches the given query." });
      const others = list(user["roles"]).filter((pk) => pk !== role.pk);
      database.update("authentik_core.user", user, { roles: action === "add_user" ? [...others, role.pk] : others });
      database.save();
      return c.body(null, 204);
    });
  }
  for (const action of ["assign", "unassign"] as const) {
    app.on(action === "assign" ? "POST" : "PATCH", `/rbac/permissions/assigned_by_roles/:key/${action}/`, async (c) => {
      access.caller(c).require(`authentik_rbac.${action}_role_permissions`);
      const role = roleOf(database, c.req.param("key"));
      const named = list((await readBody(c))["permissions"]).map(text);
      const others = list(role["permissions"]).filter((permission) => !named.includes(text(permission)));
      const permissions = action === "assign" ? [...others, ...named] : others;
      database.update(model, role, { permissions });
      database.save();
      if (action === "unassign") return c.body(null, 204);
      return c.json(named.map((permission) => ({ id: String(permissions.indexOf(permission) + 1) })));
    });
  }
  app.route("/", modelRoutes({ database, access, resource }));
  return app;
}

const roleOf = (database: Database, key: string) =>
  database.get(model, key) ?? refuse(404, { detail: "No Role matches the given query." });
