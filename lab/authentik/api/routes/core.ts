// Stands in for Authentik: the API of users, groups, tokens and applications.
import { Hono } from "hono";
import type { Access } from "../access.ts";
import { refuse } from "../access.ts";
import type { Database } from "../../models/database.ts";
import type { JsonObject } from "../../../shared/json.ts";
import { list, text } from "../../../shared/json.ts";
import type { Handling } from "./models.ts";
import { createChecked, locate, modelRoutes, permissionFor, readBody } from "./models.ts";
import { passes } from "../../policies/policies.ts";
import { applicationView, groupView, meView, tokenView, userView } from "../views.ts";

/** `/core/…`. */
export function coreRoutes(database: Database, access: Access): Hono {
  const app = new Hono();
  app.route("/", userRoutes(database, access));
  app.route("/", groupRoutes(database, access));
  app.route("/", tokenRoutes(database, access));
  const model = "authentik_core.application";
  // Even administrators see only the applications that they may open, unless they request the full list.
  const resource: Handling["resource"] = {
    path: "/core/applications",
    model,
    lookup: "slug",
    filters: ["slug", "name", "meta_launch_url", "group"],
    view: (row) => applicationView(database, row),
    isListed: (caller, row, query) =>
      (query["superuser_full_list"] === "true" && caller.isSuperuser) || passes(database, row, caller.user),
  };
  app.route("/", modelRoutes({ database, access, resource }));
  return app;
}

/** Searchable fields of a list, of type `str` unless overridden, plus the attributes. */
function searchOf(model: string, fields: Readonly<Record<string, JsonObject>>): JsonObject {
  const attributes = { type: "relation", nullable: false, options: null, relation: `${model}_attributes` };
  const asText = { type: "str", nullable: false, options: null };
  const all = Object.entries(fields).map(([name, field]) => [name, { ...asText, ...field }] as const);
  return { current_model: model, models: { [model]: { ...Object.fromEntries(all), attributes } } };
}

function userRoutes(database: Database, access: Access): Hono {
  const app = new Hono();
  const model = "authentik_core.user";
  const resource: Handling["resource"] = {
    path: "/core/users",
    model,
    filters: ["pk", "username", "name", "email", "is_active", "path", "type", "uuid"],
    view: (row) => userView(database, row),
    autocomplete: searchOf(model, {
      username: {},
      name: {},
      email: {},
      path: {},
      is_active: { type: "bool", nullable: true },
      type: { options: ["internal", "external", "service_account", "internal_service_account"] },
    }),
  };
  const handling = { database, access, resource };
  app.get("/core/users/me/", (c) => c.json(meView(database, access.caller(c).user)));
  app.post("/core/users/service_account/", async (c) => {
    access.caller(c).require(permissionFor("add", model), permissionFor("add", "authentik_core.token"));
    const { name = "", expiring = true } = await readBody(c);
    const user = createChecked(database, model, {
      username: name,
      name,
      type: "service_account",
      path: "service-accounts",
    });
    const identifier = `service-account-${text(name)}-password`;
    const token = createChecked(database, "authentik_core.token", {
      identifier,
      user: user.pk,
      intent: "app_password",
      expiring,
    });
    return c.json({ username: name, token: token["key"], user_uid: user["uuid"], user_pk: user.pk });
  });
  app.post("/core/users/:key/set_password/", async (c) => {
    access.caller(c).require("authentik_core.reset_user_password");
    const user = locate(handling, c, "view");
    database.setPassword(user, text((await readBody(c))["password"]));
    database.save();
    return c.body(null, 204);
  });
  app.route("/", modelRoutes(handling));
  return app;
}

function groupRoutes(database: Database, access: Access): Hono {
  const app = new Hono();
  const resource: Handling["resource"] = {
    path: "/core/groups",
    model: "authentik_core.group",
    filters: ["name", "is_superuser"],
    view: (row) => groupView(database, row),
    autocomplete: searchOf("authentik_core.group", { name: {}, is_superuser: { type: "bool", nullable: true } }),
  };
  const handling = { database, access, resource };
  for (const action of ["add_user", "remove_user"] as const) {
    app.post(`/core/groups/:key/${action}/`, async (c) => {
      access
        .caller(c)
        .require(action === "add_user" ? "authentik_core.add_user_to_group" : "authentik_core.remove_user_from_group");
      const group = locate(handling, c, "view");
      const user = database.get("authentik_core.user", (await readBody(c))["pk"]);
      if (user === undefined) refuse(404, { detail: "No User matches the given query." });
      const others = list(user["groups"]).filter((pk) => pk !== group.pk);
      database.update("authentik_core.user", user, { groups: action === "add_user" ? [...others, group.pk] : others });
      database.save();
      return c.body(null, 204);
    });
  }
  app.route("/", modelRoutes(handling));
  return app;
}

function tokenRoutes(database: Database, access: Access): Hono {
  const app = new Hono();
  const model = "authentik_core.token";
  const resource: Handling["resource"] = {
    path: "/core/tokens",
    model,
    lookup: "identifier",
    filters: ["identifier", "intent", "user", "expiring", "managed", "description"],
    view: (row) => tokenView(database, row),
    isOwn: (caller, row) => row["user"] === caller.user.pk,
  };
  // Any account may create tokens. Only a superuser can set another user; otherwise the token belongs to the caller.
  app.post("/core/tokens/", async (c) => {
    const caller = access.caller(c);
    const { user, ...body } = await readBody(c);
    delete body["key"];
    const owner = caller.isSuperuser && user !== undefined ? user : caller.user.pk;
    const own = caller.isSuperuser ? {} : { expiring: true };
    const token = createChecked(database, model, { intent: "api", ...body, ...own, user: owner });
    return c.json(tokenView(database, token), 201);
  });
  app.get("/core/tokens/:key/view_key/", (c) => {
    const caller = access.caller(c);
    const token = database.find(model, { identifier: c.req.param("key") });
    const isOwn = token?.["user"] === caller.user.pk;
    if (!isOwn) caller.require("authentik_core.view_token_key");
    if (token === undefined || (!isOwn && !caller.may(permissionFor("view", model))))
      refuse(404, { detail: "No Token matches the given query." });
    return c.json({ key: text(token["key"]) });
  });
  app.post("/core/tokens/:key/set_key/", async (c) => {
    access.caller(c).require("authentik_core.set_token_key");
    const token = locate({ database, access, resource }, c, "view");
    const { key } = await readBody(c);
    if (typeof key !== "string" || key === "") refuse(400, { key: ["This field is required."] });
    database.update(model, token, { key });
    database.save();
    return c.body(null, 204);
  });
  app.route("/", modelRoutes({ database, access, resource }));
  return app;
}
