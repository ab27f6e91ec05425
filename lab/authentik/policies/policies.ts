// Stands in for Authentik: its policy engine, which says whom the bindings of an object let through.
import type { Database } from "../models/database.ts";
import { isOver } from "../models/database.ts";
import { evaluateExpression } from "./expressions.ts";
import type { Json } from "../../shared/json.ts";
import { list, text } from "../../shared/json.ts";
import { passesReputation } from "./reputation.ts";
import type { Plan, Row } from "../models/state.ts";

/** The groups that a user is in itself; their parents do not count. */
export function directGroups(database: Database, user: Row): readonly Row[] {
  return list(user["groups"])
    .map((pk) => database.get("authentik_core.group", pk))
    .filter((group) => group !== undefined);
}

/** The groups that a user is in, by itself or through a parent of one of its groups. */
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

/** The roles that an account has, by itself or through its groups. */
export function rolesOf(database: Database, user: Row): readonly Row[] {
  const keys = [user, ...allGroups(database, user)].flatMap((holder) => list(holder["roles"]));
  return [...new Set(keys)].flatMap((pk) => database.get("authentik_rbac.role", pk) ?? []);
}

/** What the account's roles let it do: `authentik_core.view_user`. */
export const permissionsOf = (database: Database, user: Row): ReadonlySet<Json> =>
  new Set(rolesOf(database, user).flatMap((role) => list(role["permissions"])));

/** The bindings of an application, a flow or a stage's place in a flow, in their order. */
export function bindingsOf(database: Database, bindable: Row): readonly Row[] {
  return database
    .all("authentik_policies.policybinding")
    .filter((binding) => binding["target"] === bindable["policybindingmodel_ptr_id"])
    .sort((left, right) => Number(left["order"]) - Number(right["order"]));
}

/** What policies know about a request. */
export interface PolicyRequest {
  /** The address of whoever asks. */
  readonly ip: string;
  /** The flow that is being run. */
  readonly plan?: Plan | undefined;
}

/** Whether the bindings let this account through. An object without enabled bindings lets everybody through. */
export function passes(database: Database, bindable: Row, user: Row | undefined, request?: PolicyRequest): boolean {
  // From 2026.8 on a binding can end by itself.
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
  // What the lab does not understand has failed, and the binding says what then.
  return evaluateExpression(text(found?.row["expression"]), scope) ?? binding["failure_result"] === true;
}

const isInGroup = (database: Database, user: Row, group: Json | undefined): boolean =>
  [...allGroups(database, user)].some((candidate) => candidate.pk === group);
