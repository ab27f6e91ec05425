// Stands in for Authentik: its flow planner, which selects the stages of a flow for a user.
import type { Database } from "../models/database.ts";
import { text } from "../../shared/json.ts";
import { isSuperuser, passes } from "../policies/policies.ts";
import type { Plan, Row } from "../models/state.ts";

export interface Planning {
  readonly database: Database;
  readonly flow: Row;
  /** The signed-in user. */
  readonly user: Row | undefined;
  /** The client's IP address. */
  readonly ip: string;
  /** Query string of the flow's authorization request. */
  readonly authorization?: string;
}

/** The plan of a flow; `undefined` if the flow does not apply to the account. */
export function planFlow(planning: Planning): Plan | undefined {
  const { database, flow, user, ip, authorization } = planning;
  if (!appliesTo(planning)) return undefined;
  const stages = stageBindingsOf(database, flow)
    .filter((binding) => binding["evaluate_on_plan"] !== true || passes(database, binding, user, { ip }))
    .map((binding) => ({
      stage: text(binding["stage"]),
      ...(binding["re_evaluate_policies"] === true ? { reevaluate: binding.pk } : {}),
    }));
  return {
    flow: text(flow["slug"]),
    stages,
    failedAttempts: 0,
    ...(user === undefined ? {} : { pendingUser: user.pk, pendingName: text(user["username"]) }),
    ...(authorization === undefined ? {} : { authorization }),
  };
}

export const stageBindingsOf = (database: Database, flow: Row): readonly Row[] =>
  database
    .all("authentik_flows.flowstagebinding")
    .filter((binding) => binding["target"] === flow.pk)
    .sort((left, right) => Number(left["order"]) - Number(right["order"]));

function appliesTo({ database, flow, user, ip }: Planning): boolean {
  const needs = flow["authentication"];
  if (needs === "require_authenticated" && user === undefined) return false;
  if (needs === "require_unauthenticated" && user !== undefined) return false;
  if (needs === "require_superuser" && (user === undefined || !isSuperuser(database, user))) return false;
  return needs !== "require_outpost" && passes(database, flow, user, { ip });
}

/** Like Authentik, silently skips stages whose bindings deny the account. */
export function skipUnbound(database: Database, plan: Plan, ip: string): void {
  for (let [next] = plan.stages; next !== undefined; [next] = plan.stages) {
    const binding = database.get("authentik_flows.flowstagebinding", next.reevaluate ?? null);
    const user = database.get("authentik_core.user", plan.pendingUser ?? null);
    if (binding === undefined || passes(database, binding, user, { ip, plan })) return;
    plan.stages.shift();
  }
}
