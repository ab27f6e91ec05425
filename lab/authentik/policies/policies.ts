// Stands in for Authentik: its policy engine, which decides whether an object's bindings allow an account.
import type { Database } from "../models/database.ts";
import { isOver } from "../models/database.ts";
import { evaluateExpression } from "./expressions.ts";
import type { Json } from "../../shared/json.ts";
import { list, text } from "../../shared/json.ts";
import { passesReputation } from "./reputation.ts";
import type { Plan, Row } from "../models/state.ts";

/** The groups that a user is a direct member of, without their parents. */
export function directGroups(database: Database, user: Row): readonly Row[] {
  return list(user["groups"])
    .map((pk) => database.get("authentik_core.group", pk))
    .filter((group) => group !== undefined);
}

/** The user's groups and their parents. */
export function allGroups(database: Database, user: Row): ReadonlySet<Row> {
  const found = new Set<Row>();
  const queue = [...directGroups(database, user)];
  for (let group = queue.pop(); group !== undefined; group = queue.pop()) {
    if (found.has(group)) continue;
    found.add(group);
    for (const pk of list(group["parents"])) {
      const parent = database.get("authentik_core.group", pk);
      if (parent !== undefined) queue.push(parent);
    }
  }
  return found;
}

export const isSuperuser = (database: Database, user: Row): boolean =>
  [...allGroups(database, user)].some((group) => group["is_superuser"] === true);

/** The account's own roles and those of its groups. */
export function rolesOf(database: Database, user: Row): readonly Row[] {
  const keys = [user, ...allGroups(database, user)].flatMap((holder) => list(holder["roles"]));
  return [...new Set(keys)].flatMap((pk) => database.get("authentik_rbac.role", pk) ?? []);
}

/** The permissions of the account's roles, such as `authentik_core.view_user`. */
export const permissionsOf = (database: Database, user: Row): ReadonlySet<Json> =>
  new Set(rolesOf(database, user).flatMap((role) => list(role["permissions"])));

/** The bindings of an application, a flow or a flow stage binding, in order. */
export function bindingsOf(database: Database, bindable: Row): readonly Row[] {
  return database
    .all("authentik_policies.policybinding")
    .filter((binding) => binding["target"] === bindable["policybindingmodel_ptr_id"])
    .sort((left, right) => Number(left["order"]) - Number(right["order"]));
}

/** What policies can read from a request. */
export interface PolicyRequest {
  /** The client's IP address. */
  readonly ip: string;
  /** The running flow. */
  readonly plan?: Plan | undefined;
}

/** Whether the bindings allow this account. An object without enabled bindings allows everyone. */
export function passes(database: Database, bindable: Row, user: Row | undefined, request?: PolicyRequest): boolean {
  // Since 2026.8 a binding can expire.
  const bindings = bindingsOf(database, bindable).filter((binding) => binding["enabled"] === true && !isOver(binding));
  if (bindings.length === 0) return true;
  const results = bindings.map(
    (binding) => passesBinding(database, binding, user, request) !== (binding["negate"] === true),
  );
  return bindable["policy_engine_mode"] === "all" ? results.every(Boolean) : results.some(Boolean);
}

function passesBinding(database: Database, binding: Row, user: Row | undefined, request?: PolicyRequest): boolean {
  if (binding["group"] !== null) return user !== undefined && isInGroup(database, user, binding["group"]);
  if (binding["user"] !== null) return user !== undefined && user.pk === binding["user"];
  const found = database.resolve({ any: "policy" }, binding["policy"] ?? null);
  if (found?.model === "authentik_policies_reputation.reputationpolicy") {
    const name = text(user?.["username"]) || (request?.plan?.pendingName ?? "");
    return passesReputation(database, found.row, name, request?.ip ?? "");
  }
  const groups = user === undefined ? [] : [...allGroups(database, user)].map((group) => text(group["name"]));
  const scope = { user, plan: request?.plan, groups: new Set(groups) };
  // An unsupported policy fails, and the binding defines the result of a failure.
  return evaluateExpression(text(found?.row["expression"]), scope) ?? binding["failure_result"] === true;
}

const isInGroup = (database: Database, user: Row, group: Json | undefined): boolean =>
  [...allGroups(database, user)].some((candidate) => candidate.pk === group);
