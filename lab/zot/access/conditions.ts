// Stands in for zot: the conditions of policies, CEL expressions on `req`.
import type { AccessControlConfig, Policy } from "../config/config.ts";
import type { Exchange } from "../server/http.ts";
import type { Log } from "../server/log.ts";
import type { Action, Subject } from "./accessControl.ts";
import { Expression } from "./expression.ts";

/** What a policy is asked for. */
export interface AccessRequest {
  readonly subject: Subject;
  readonly action: Action;
  readonly repository: string;
  /** The tag or digest. Empty if the request names none. */
  readonly reference: string;
  readonly exchange: Exchange;
  readonly log: Log;
}

/** Whether access is granted, and if a condition is why not, its message. */
export interface Decision {
  readonly allowed: boolean;
  readonly reason: string;
}

const granted: Decision = { allowed: true, reason: "" };
const compiled = new Map<string, Expression>();

/** The problem with the first condition that does not compile, as zot reports it. Undefined if all compile. */
export function conditionProblem({ repositories, adminPolicy }: AccessControlConfig): string | undefined {
  const policies = Object.entries(repositories).flatMap(([pattern, group]) =>
    group.policies.map((policy, index) => [`repositories["${pattern}"].policies[${index}]`, policy] as const),
  );
  for (const [where, { conditions }] of [...policies, ["adminPolicy", adminPolicy] as const]) {
    for (const [index, { expression }] of conditions.entries()) {
      try {
        compile(expression);
      } catch (error) {
        return `${where}: condition[${index}]: ${error instanceof Error ? error.message : String(error)}`;
      }
    }
  }
  return undefined;
}

/** Whether all conditions of a policy hold. One that cannot be evaluated does not hold, and zot does not say why. */
export function conditionsHold({ conditions }: Policy, request: AccessRequest, isAdmin: boolean): Decision {
  if (conditions.length === 0) return granted;
  const data = { req: describeRequest(request, isAdmin) };
  for (const { expression, message } of conditions) {
    try {
      if (compile(expression).boolean(data)) continue;
      request.log("debug", "policy condition not met", { expression });
      return { allowed: false, reason: message };
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      request.log("warn", "failed to evaluate policy condition", { error: reason, expression });
      return { allowed: false, reason: "" };
    }
  }
  return granted;
}

function compile(expression: string): Expression {
  const known = compiled.get(expression);
  if (known !== undefined) return known;
  const program = new Expression(expression, { variables: ["req"] });
  compiled.set(expression, program);
  return program;
}

function describeRequest(request: AccessRequest, isAdmin: boolean): Readonly<Record<string, unknown>> {
  const { subject, action, repository, reference, exchange } = request;
  const { headers, headersDistinct, socket } = exchange.request;
  const byDigest = reference.includes(":");
  const forwardedFor = (headersDistinct["x-forwarded-for"] ?? []).flatMap((value) => value.split(","));
  return {
    time: new Date(),
    method: exchange.method,
    userAgent: headers["user-agent"] ?? "",
    action,
    repository,
    reference,
    referenceType: reference === "" ? "" : byDigest ? "digest" : "tag",
    tag: byDigest ? "" : reference,
    digest: byDigest ? reference : "",
    user: { username: subject.name, groups: subject.groups },
    auth: { anonymous: subject.name === "", admin: isAdmin },
    client: {
      ip: socket.remoteAddress ?? "",
      forwardedFor: forwardedFor.map((ip) => ip.trim()).filter((ip) => ip !== ""),
    },
    tls: { enabled: false, version: "" },
    // An API key and a session have no claims, and so has an anonymous user.
    claims: subject.claims ?? {},
  };
}
