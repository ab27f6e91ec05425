import { closest, distance } from "fastest-levenshtein";
import { ACTIONS } from "./settings.ts";
import { isObject } from "../../../core/json.ts";
import { objectAt, spelled, valueAt } from "../config/syntax/anyCase.ts";
import { shown } from "../config/checks/problem.ts";
import type { ConfigProblem } from "../config/checks/problem.ts";

const ROOT = "http.accessControl";

/** Mistakes in `accessControl` that `zot verify` accepts. */
export function* accessControlProblems(config: unknown): Generator<ConfigProblem> {
  const access = valueAt(config, "http", "accessControl");
  if (!isObject(access)) {
    yield {
      path: ROOT,
      message: "required: without it, every signed-in user may do everything.",
    };
    return;
  }
  const repositories = objectAt(access, "repositories");
  if (Object.keys(repositories).length === 0) {
    yield {
      path: `${ROOT}.repositories`,
      message: "is empty: nobody may do anything. It must contain rules for at least one glob, such as **.",
    };
  }
  for (const [glob, rules] of Object.entries(repositories)) {
    const path = `${ROOT}.repositories.${glob}`;
    for (const key of ["anonymousPolicy", "defaultPolicy"]) yield* actionProblems(rules, key, path, true);
    const policies = valueAt(rules, "policies");
    if (!Array.isArray(policies)) continue;
    for (const [index, policy] of policies.entries()) yield* policyProblems(policy, `${path}.policies.${index}`);
  }
  const admin = valueAt(access, "adminPolicy");
  if (admin !== undefined) yield* policyProblems(admin, `${ROOT}.adminPolicy`);
  yield* actionProblems(objectAt(access, "metrics"), "anonymousPolicy", `${ROOT}.metrics`, true);
}

function* policyProblems(policy: unknown, path: string): Generator<ConfigProblem> {
  const subjects = ["users", "groups"].flatMap((key) => valueAt(policy, key) ?? []);
  if (subjects.length === 0) {
    yield {
      path,
      message: "has neither users nor groups, so it applies to nobody. Add some, or remove the policy.",
    };
  }
  yield* actionProblems(policy, "actions", path, false);
}

function* actionProblems(owner: unknown, key: string, path: string, mayBeEmpty: boolean): Generator<ConfigProblem> {
  const name = isObject(owner) ? (spelled(owner, key) ?? key) : key;
  const value = valueAt(owner, key);
  const where = `${path}.${name}`;
  if (value === undefined ? !mayBeEmpty : Array.isArray(value) && value.length === 0 && !mayBeEmpty) {
    yield { path: where, message: `has no actions, so it grants nothing. Valid actions: ${ACTIONS.join(", ")}.` };
  }
  if (value === undefined) return;
  if (!Array.isArray(value)) {
    yield { path: where, message: `got ${shown(value)}; must be a list, such as ["read"].` };
    return;
  }
  for (const action of value as readonly unknown[]) {
    if (ACTIONS.some((known) => known === action)) continue;
    const near = typeof action === "string" ? closest(action, [...ACTIONS]) : undefined;
    const hint =
      near !== undefined && distance(String(action).toLowerCase(), near) <= 2 ? ` Did you mean "${near}"?` : "";
    yield {
      path: where,
      message: `got the action ${shown(action)}, which zot accepts but which grants nothing. Valid actions: ${ACTIONS.join(", ")}.${hint}`,
    };
  }
}
