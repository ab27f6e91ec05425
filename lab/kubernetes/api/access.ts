// Part of the lab's kube-apiserver: authentication and authorization.
import { StatusError, unauthorized } from "./status.ts";

/** A bearer token that the server accepts. */
export interface KubernetesToken {
  readonly token: string;
  /** The user's name, for error messages. Default `lab`. */
  readonly user?: string;
  /** The only namespaces whose objects this token may use. Default: all namespaces, and Namespace objects. */
  readonly namespaces?: readonly string[];
  /** The only verbs that it may use. Default: all. */
  readonly verbs?: readonly string[];
}

/** Permissions of requests without a token. client-go sends no token to a server without TLS, even if the kubeconfig has one. */
export interface AnonymousAccess {
  /** The only namespaces whose objects they may use. Default: all namespaces, and Namespace objects. */
  readonly namespaces?: readonly string[];
  /** The only verbs that they may use. Default: all. */
  readonly verbs?: readonly string[];
}

export interface User {
  readonly name: string;
  /** Has no permissions, not even for discovery. */
  readonly refused?: true;
  readonly namespaces?: readonly string[];
  readonly verbs?: readonly string[];
}

export interface AccessOptions {
  /** Default: everyone may do everything, with or without a token. */
  readonly tokens?: readonly KubernetesToken[];
  /** Default: if `tokens` is set, requests without a token are denied. */
  readonly anonymous?: AnonymousAccess;
}

export interface Attributes {
  readonly verb: string;
  readonly resource: string;
  /** Empty for cluster scope. */
  readonly namespace: string;
  /** Empty for list, watch and create. */
  readonly name: string;
}

/** The user who sent a request. Throws 401 for an unknown token. */
export function authenticate(header: string | undefined, options: AccessOptions): User {
  const { tokens, anonymous } = options;
  if (tokens === undefined) return { name: "lab" };
  const bearer = /^Bearer (.+)$/i.exec(header ?? "")?.[1];
  const name = "system:anonymous";
  if (bearer === undefined) return anonymous === undefined ? { name, refused: true } : { name, ...anonymous };
  const known = tokens.find(({ token }) => token === bearer);
  if (known === undefined) throw unauthorized();
  const { user = "lab", token: _token, ...rights } = known;
  return { name: user, ...rights };
}

export function authorizePath(user: User, path: string): void {
  if (user.refused !== true) return;
  const message = `forbidden: User ${JSON.stringify(user.name)} cannot get path ${JSON.stringify(path)}`;
  throw new StatusError(403, "Forbidden", message, {});
}

export function authorize(user: User, attributes: Attributes): void {
  const inNamespace = user.namespaces?.includes(attributes.namespace) ?? true;
  const allowed = inNamespace && (user.verbs?.includes(attributes.verb) ?? true);
  if (allowed && user.refused !== true) return;
  const { verb, resource, namespace, name } = attributes;
  const what = name === "" ? resource : `${resource} ${JSON.stringify(name)}`;
  const where = namespace === "" ? "at the cluster scope" : `in the namespace ${JSON.stringify(namespace)}`;
  throw new StatusError(
    403,
    "Forbidden",
    `${what} is forbidden: User ${JSON.stringify(user.name)} cannot ${verb} resource ${JSON.stringify(resource)} in API group "" ${where}`,
    { ...(name === "" ? {} : { name }), kind: resource },
  );
}
