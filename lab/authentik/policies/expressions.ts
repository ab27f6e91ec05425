// Stands in for Authentik: expression policies. Supports only the Python expressions in Authentik's own blueprints.
import type { Plan, Row } from "../models/state.ts";

/** What an expression can read. */
export interface ExpressionScope {
  readonly user: Row | undefined;
  readonly plan: Plan | undefined;
  readonly groups: ReadonlySet<string>;
}

/** The result; `undefined` for an unsupported expression, which counts as a failed policy. */
export function evaluateExpression(code: string, scope: ExpressionScope): boolean | undefined {
  const lines = code
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
  const [first, second, third] = lines;
  const planFirst = first === 'flow_plan = request.context.get("flow_plan")';
  if (planFirst && second === "if not flow_plan:" && third === "return True") {
    if (scope.plan === undefined) return true;
    lines.splice(0, 3);
  }
  const [only, ...more] = lines;
  const condition = /^return (.+)$/.exec(only ?? "")?.[1];
  return condition === undefined || more.length > 0 ? undefined : evaluate(condition, scope);
}

function evaluate(condition: string, scope: ExpressionScope): boolean | undefined {
  const { plan, groups } = scope;
  if (condition.startsWith("not ")) {
    const value = evaluate(condition.slice(4), scope);
    return value === undefined ? undefined : !value;
  }
  if (condition === "True") return true;
  // The lab has no other identity provider.
  if (condition === "False" || condition === "ak_is_sso_flow") return false;
  if (condition === 'hasattr(flow_plan.context.get("pending_user"), "backend")') return plan?.authMethod !== undefined;
  const group = /^ak_is_group_member\(request\.user, name="([^"]+)"\)$/.exec(condition)?.[1];
  if (group !== undefined) return groups.has(group);
  const method = /^(?:request\.context\["flow_plan"\]|flow_plan)\.context\.get\("auth_method"\) (==|!=) "(\w+)"$/;
  const [, operator, wanted] = method.exec(condition) ?? [];
  if (wanted === undefined) return undefined;
  return (plan?.authMethod === wanted) === (operator === "==");
}
