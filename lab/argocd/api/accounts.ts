// Part of the lab's Argo CD: local accounts, their API tokens and their RBAC permissions.
import type { Application } from "../application.ts";
import { notFound, permissionDenied, unauthenticated } from "./grpcError.ts";

export interface ArgoCdAccount {
  /** The user name, recorded in operations. */
  readonly name: string;
  /** Its API token. */
  readonly token: string;
  /** Permitted actions. `sync` also needs `get`. Default: both. */
  readonly actions?: readonly ("get" | "sync")[];
  /** Permitted applications, as `project/name`, where each part can be `*`. Default: all. */
  readonly applications?: readonly string[];
}

/** The account that a request's token belongs to. */
export function authenticate(header: string | undefined, accounts: readonly ArgoCdAccount[]): ArgoCdAccount {
  const token = /^Bearer (.+)$/i.exec(header ?? "")?.[1] ?? "";
  const account = accounts.find((known) => known.token === token);
  if (account !== undefined) return account;
  // Argo CD validates any other JWT with single sign-on, which is not configured.
  if (isJwt(token)) throw unauthenticated("invalid session: SSO is not configured");
  throw unauthenticated("no session information");
}

function isJwt(token: string): boolean {
  const parts = token.split(".");
  if (parts.length !== 3) return false;
  return parts.slice(0, 2).every((part) => {
    try {
      return typeof JSON.parse(Buffer.from(part, "base64url").toString()) === "object";
    } catch {
      return false;
    }
  });
}

/** Whether RBAC allows the action. `object` is `project/name`, or `project/namespace/name` outside of Argo CD's own namespace. */
export function may(account: ArgoCdAccount, action: string, object: string): boolean {
  const { actions = ["get", "sync"], applications = ["*/*"] } = account;
  if (!actions.some((allowed) => allowed === action)) return false;
  return applications.some((pattern) => {
    // Argo CD matches the object as a whole, so that `*` crosses slashes.
    const [projectPattern = "", ...name] = pattern.split("/");
    const [project, ...rest] = object.split("/");
    return matches(projectPattern, project) && matches(name.join("/"), rest.join("/"));
  });
}

/** The object of an application in policies. */
export function idOf({ metadata, spec }: Application): string {
  const namespace = metadata.namespace === "argocd" ? "" : `${metadata.namespace}/`;
  return `${spec.project}/${namespace}${metadata.name}`;
}

const matches = (pattern: string | undefined, value: string | undefined) => pattern === "*" || pattern === value;

export interface ApplicationQuery {
  readonly name: string;
  readonly project: string | undefined;
  readonly appNamespace: string | undefined;
}

/**
 * The application of a request. Throws `permissionDenied` both for a missing application and for one that the account may
 * not get. Throws `notFound` only if the request names a project and the account may get that application in it.
 */
export function find(
  applications: ReadonlyMap<string, Application>,
  account: ArgoCdAccount,
  { name, project, appNamespace }: ApplicationQuery,
): Application {
  const application = applications.get(name);
  const isThere = application?.metadata.namespace === (appNamespace ?? "argocd");
  if (!isThere || (project !== undefined && project !== application.spec.project)) {
    if (project !== undefined && may(account, "get", `${project}/${name}`)) throw notFound(name);
    throw permissionDenied();
  }
  if (!may(account, "get", idOf(application))) throw permissionDenied();
  return application;
}
