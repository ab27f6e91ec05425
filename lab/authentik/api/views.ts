// Stands in for Authentik: its objects as the API returns them.
import { createHash } from "node:crypto";
import type { Database } from "../models/database.ts";
import { isAtLeast } from "../models/database.ts";
import type { Json, JsonObject } from "../../shared/json.ts";
import { list, object, text } from "../../shared/json.ts";
import { directGroups, isSuperuser, permissionsOf, rolesOf } from "../policies/policies.ts";
import { mappingsOf } from "../oauth2/scopeMappings.ts";
import type { Row } from "../models/state.ts";

/** The avatar of every account. */
export const avatar = `data:image/svg+xml;base64,${Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>').toString("base64")}`;

/** The public id of a user: the default `sub` of its tokens. */
export const uidOf = (database: Database, user: Row): string =>
  createHash("sha256").update(`${user.pk}-${database.state.secretKey}`).digest("hex");

export function userView(database: Database, user: Row): JsonObject {
  const groups = directGroups(database, user);
  const roles = ownRoles(database, user);
  return {
    ...pick(user, ["pk", "username", "name", "is_active", "last_login", "date_joined"]),
    is_superuser: isSuperuser(database, user),
    groups: groups.map((group) => group.pk),
    groups_obj: groups.map(partialGroupView),
    roles: roles.map((role) => role.pk),
    roles_obj: roles.map(roleView),
    ...pick(user, ["email"]),
    avatar,
    ...pick(user, ["attributes"]),
    uid: uidOf(database, user),
    ...pick(user, ["path", "type", "uuid", "password_change_date", "last_updated"]),
  };
}

/** A group as it appears inside other objects. */
export const partialGroupView = (group: Row): JsonObject =>
  pick(group, ["pk", "num_pk", "name", "is_superuser", "attributes"]);

/** A user as it appears inside other objects. */
export const partialUserView = (database: Database, user: Row): JsonObject => ({
  ...pick(user, ["pk", "username", "name", "is_active", "last_login", "email", "attributes"]),
  uid: uidOf(database, user),
});

export const roleView = (role: Row): JsonObject => pick(role, ["pk", "name"]);

/** The direct roles of a user or group. */
const ownRoles = (database: Database, holder: Row): readonly Row[] =>
  list(holder["roles"]).flatMap((pk) => database.get("authentik_rbac.role", pk) ?? []);

/** The account's permissions on Authentik as a whole, the only ones in the response. */
function systemPermissions(database: Database, user: Row): Json[] {
  const all = ["view_system_info", "access_admin_interface", "view_system_settings", "edit_system_settings"];
  if (isSuperuser(database, user)) return all;
  const prefix = "authentik_rbac.";
  const own = [...permissionsOf(database, user)].map(text).filter((permission) => permission.startsWith(prefix));
  return own.map((permission) => permission.slice(prefix.length));
}

/** What `/core/users/me/` returns. Since 2026.8 a browser can be signed in to several accounts. */
export function meView(database: Database, user: Row): JsonObject {
  const severalAccounts = isAtLeast(database.version, "2026.8");
  return {
    ...(severalAccounts ? { users: [] } : {}),
    user: {
      ...pick(user, ["pk", "username", "name", "is_active"]),
      is_superuser: isSuperuser(database, user),
      groups: directGroups(database, user).map((group) => pick(group, ["name", "pk"])),
      roles: rolesOf(database, user).map((role) => pick(role, ["name", "pk"])),
      ...pick(user, ["email"]),
      avatar,
      uid: uidOf(database, user),
      settings: {},
      ...pick(user, ["type"]),
      system_permissions: systemPermissions(database, user),
      ...(severalAccounts ? { is_current: true } : {}),
    },
  };
}

export function groupView(database: Database, group: Row): JsonObject {
  const users = database.all("authentik_core.user").filter((user) => list(user["groups"]).includes(group.pk));
  const roles = ownRoles(database, group);
  return {
    ...pick(group, ["pk", "num_pk", "name", "is_superuser", "parents"]),
    parents_obj: null,
    users: users.map((user) => user.pk),
    users_obj: users.map((user) => partialUserView(database, user)),
    ...pick(group, ["attributes"]),
    roles: roles.map((role) => role.pk),
    roles_obj: roles.map(roleView),
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
    redirect_uris: list(provider["redirect_uris"]).map((uri) => redirectUriView(database, object(uri))),
  };
}

/** Since 2026.5 a redirect URI also has a type: authorization or logout. */
const redirectUriView = (database: Database, uri: JsonObject): JsonObject => {
  const { redirect_uri_type = "authorization", ...known } = uri;
  return isAtLeast(database.version, "2026.5") ? { ...known, redirect_uri_type } : known;
};

export function applicationView(database: Database, application: Row): JsonObject {
  const provider = database.get(providerModel, application["provider"]);
  const start = text(application["meta_launch_url"]) || launchUrlOf(provider);
  return {
    ...pick(application, ["pk", "name", "slug", "provider"]),
    ...(isAtLeast(database.version, "2026.8") ? { pbm_uuid: application["policybindingmodel_ptr_id"] ?? null } : {}),
    provider_obj: provider === undefined ? null : providerBrief(database, provider),
    backchannel_providers: application["backchannel_providers"] ?? [],
    backchannel_providers_obj: [],
    launch_url: start === "" ? null : start,
    ...pick(application, ["open_in_new_tab", "meta_launch_url", "meta_icon"]),
    meta_icon_url: null,
    meta_icon_themed_urls: null,
    ...pick(application, ["meta_description", "meta_publisher", "meta_hide", "policy_engine_mode", "group"]),
  };
}

/** The default launch URL of an application: the origin of its first redirect URI. */
function launchUrlOf(provider: Row | undefined): string {
  const [first] = list(provider?.["redirect_uris"]);
  const url = text(object(first)["url"]);
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

/** Without the certificate's contents: no test needs them. */
export function certificateView(certificate: Row): JsonObject {
  const path = `/api/v3/crypto/certificatekeypairs/${text(certificate.pk)}`;
  return {
    ...pick(certificate, ["pk", "name"]),
    fingerprint_sha256: null,
    fingerprint_sha1: null,
    cert_expiry: null,
    cert_subject: null,
    private_key_available: true,
    key_type: null,
    certificate_download_url: `${path}/view_certificate/?download`,
    private_key_download_url: `${path}/view_private_key/?download`,
    managed: certificate["managed"] ?? null,
  };
}

export const instanceView = (instance: Row): JsonObject => {
  const state = ["last_applied", "last_applied_hash", "status", "enabled", "managed_models", "metadata", "content"];
  return pick(instance, ["pk", "name", "path", "context", ...state]);
};

/** These fields of an object. */
export function pick(row: Row, names: readonly string[]): JsonObject {
  return Object.fromEntries(
    names.flatMap((name): [string, Json][] => (row[name] === undefined ? [] : [[name, row[name]]])),
  );
}
