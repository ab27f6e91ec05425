// Stands in for Authentik: its objects as the API shows them.
import { createHash } from "node:crypto";
import type { Database } from "./database.ts";
import type { Json, JsonObject } from "./json.ts";
import { list, text } from "./json.ts";
import { models } from "./models.ts";
import { bindingsOf, directGroups, isSuperuser } from "./policies.ts";
import { mappingsOf } from "./scopeMappings.ts";
import type { Row } from "./state.ts";

/** The picture of every account. */
export const avatar = `data:image/svg+xml;base64,${Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>').toString("base64")}`;

/** The id of a user that outsiders see: the `sub` of its tokens by default. */
export const uidOf = (database: Database, user: Row): string =>
  createHash("sha256").update(`${user.pk}-${database.state.secretKey}`).digest("hex");

export function userView(database: Database, user: Row): JsonObject {
  const groups = directGroups(database, user);
  const brief = (group: Row): JsonObject => pick(group, ["pk", "num_pk", "name", "is_superuser", "attributes"]);
  return {
    ...pick(user, ["pk", "username", "name", "is_active", "last_login", "date_joined"]),
    is_superuser: isSuperuser(database, user),
    groups: groups.map((group) => group.pk),
    groups_obj: groups.map(brief),
    roles: [],
    roles_obj: [],
    ...pick(user, ["email"]),
    avatar,
    ...pick(user, ["attributes"]),
    uid: uidOf(database, user),
    ...pick(user, ["path", "type", "uuid", "password_change_date", "last_updated"]),
  };
}

/** What a signed-in account learns about itself. */
export function meView(database: Database, user: Row): JsonObject {
  return {
    user: {
      ...pick(user, ["pk", "username", "name", "is_active"]),
      is_superuser: isSuperuser(database, user),
      groups: directGroups(database, user).map((group) => pick(group, ["name", "pk"])),
      roles: [],
      ...pick(user, ["email"]),
      avatar,
      uid: uidOf(database, user),
      settings: {},
      ...pick(user, ["type"]),
      system_permissions: user["permissions"] ?? [],
    },
  };
}

export function groupView(database: Database, group: Row): JsonObject {
  const users = database.all("authentik_core.user").filter((user) => list(user["groups"]).includes(group.pk));
  const member = (user: Row): JsonObject => ({
    ...pick(user, ["pk", "username", "name", "is_active", "last_login", "email", "attributes"]),
    uid: uidOf(database, user),
  });
  return {
    ...pick(group, ["pk", "num_pk", "name", "is_superuser", "parents"]),
    parents_obj: null,
    users: users.map((user) => user.pk),
    users_obj: users.map(member),
    ...pick(group, ["attributes"]),
    roles: [],
    roles_obj: [],
    inherited_roles_obj: null,
    children: [],
    children_obj: null,
  };
}

export function tokenView(database: Database, token: Row): JsonObject {
  const user = database.get("authentik_core.user", token["user"]);
  return {
    ...pick(token, ["pk", "managed", "identifier", "intent", "user"]),
    user_obj: user === undefined ? null : userView(database, user),
    ...pick(token, ["description", "expires", "expiring"]),
  };
}

const providerModel = "authentik_providers_oauth2.oauth2provider";

function providerBrief(database: Database, provider: Row): JsonObject {
  const application = database.find("authentik_core.application", { provider: provider.pk });
  return {
    ...pick(provider, ["pk", "name", "authentication_flow", "authorization_flow", "invalidation_flow"]),
    property_mappings: mappingsOf(database, provider).map((mapping) => mapping.pk),
    component: "ak-provider-oauth2-form",
    assigned_application_slug: application?.["slug"] ?? null,
    assigned_application_name: application?.["name"] ?? null,
    assigned_backchannel_application_slug: null,
    assigned_backchannel_application_name: null,
    verbose_name: "OAuth2/OpenID Provider",
    verbose_name_plural: "OAuth2/OpenID Providers",
    meta_model_name: providerModel,
  };
}

export function providerView(database: Database, provider: Row): JsonObject {
  const shown = ["client_type", "client_id", "client_secret", "access_code_validity", "access_token_validity"];
  const more = ["refresh_token_validity", "refresh_token_threshold", "include_claims_in_id_token", "signing_key"];
  const rest = ["encryption_key", "redirect_uris", "logout_uri", "logout_method", "sub_mode", "issuer_mode"];
  const federation = ["jwt_federation_sources", "jwt_federation_providers"];
  return {
    ...providerBrief(database, provider),
    ...pick(provider, [...shown, "grant_types", ...more, ...rest, ...federation]),
  };
}

export function applicationView(database: Database, application: Row): JsonObject {
  const provider = database.get(providerModel, application["provider"]);
  const start = text(application["meta_launch_url"]) || launchUrlOf(provider);
  return {
    ...pick(application, ["pk", "name", "slug", "provider"]),
    provider_obj: provider === undefined ? null : providerBrief(database, provider),
    backchannel_providers: application["backchannel_providers"] ?? [],
    backchannel_providers_obj: [],
    launch_url: start === "" ? null : start,
    ...pick(application, ["open_in_new_tab", "meta_launch_url", "meta_icon"]),
    meta_icon_url: null,
    meta_icon_themed_urls: null,
    ...pick(application, ["meta_description", "meta_publisher", "policy_engine_mode", "group"]),
  };
}

/** Without a launch URL of its own, an application starts at the origin of its first redirect URI. */
function launchUrlOf(provider: Row | undefined): string {
  const [first] = list(provider?.["redirect_uris"]);
  const url = typeof first === "object" && first !== null && !Array.isArray(first) ? text(first["url"]) : "";
  return URL.canParse(url) ? new URL(url).origin : "";
}

export function scopeMappingView(mapping: Row): JsonObject {
  return {
    ...pick(mapping, ["pk", "managed", "name", "expression"]),
    component: "ak-property-mapping-provider-scope-form",
    verbose_name: "Scope Mapping",
    verbose_name_plural: "Scope Mappings",
    meta_model_name: "authentik_providers_oauth2.scopemapping",
    ...pick(mapping, ["scope_name", "description"]),
  };
}

export function bindingView(database: Database, binding: Row): JsonObject {
  const policy = database.resolve({ any: "policy" }, binding["policy"] ?? null)?.row;
  const group = database.get("authentik_core.group", binding["group"]);
  const user = database.get("authentik_core.user", binding["user"]);
  return {
    ...pick(binding, ["pk", "policy", "group", "user"]),
    policy_obj: policy === undefined ? null : { ...policy },
    group_obj: group === undefined ? null : groupView(database, group),
    user_obj: user === undefined ? null : userView(database, user),
    ...pick(binding, ["target", "negate", "enabled", "order", "timeout", "failure_result"]),
  };
}

export function flowView(database: Database, flow: Row): JsonObject {
  const stages = database.all("authentik_flows.flowstagebinding").filter((binding) => binding["target"] === flow.pk);
  return {
    ...pick(flow, ["pk", "policybindingmodel_ptr_id", "name", "slug", "title", "designation", "background"]),
    background_url: "/static/dist/assets/images/flow_background.jpg",
    background_themed_urls: null,
    stages: stages.map((binding) => binding["stage"] ?? null),
    policies: bindingsOf(database, flow).map((binding) => binding.pk),
    cache_count: 0,
    ...pick(flow, ["policy_engine_mode", "compatibility_mode"]),
    export_url: `/api/v3/flows/instances/${text(flow["slug"])}/export/`,
    ...pick(flow, ["layout", "denied_action", "authentication"]),
  };
}

export function stageView(model: string, stage: Row): JsonObject {
  return { ...pick(stage, ["pk", "name"]), verbose_name: models[model]?.name ?? "", meta_model_name: model, ...stage };
}

export const instanceView = (instance: Row): JsonObject => {
  const state = ["last_applied", "last_applied_hash", "status", "enabled", "managed_models", "metadata", "content"];
  return pick(instance, ["pk", "name", "path", "context", ...state]);
};

function pick(row: Row, names: readonly string[]): JsonObject {
  return Object.fromEntries(
    names.flatMap((name): [string, Json][] => (row[name] === undefined ? [] : [[name, row[name]]])),
  );
}
