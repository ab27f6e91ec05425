// Part of the lab's kube-apiserver: who asks, and what they may do.
import { StatusError, unauthorized } from "./status.ts";

/** A bearer token that the server accepts. */
export interface KubernetesToken {
  readonly token: string;
  /** The user's name, which stands in refusals. Default `lab`. */
  readonly user?: string;
  /** The namespaces whose objects this token may use, and nothing else. Without it: all, and the namespaces themselves. */
  readonly namespaces?: readonly string[];
}

/** What requests without a token may do. client-go sends none to a server without TLS, whatever stands in the kubeconfig. */
export interface AnonymousAccess {
  /** The namespaces whose objects they may use. Without it: all, and the namespaces themselves. */
  readonly namespaces?: readonly string[];
}

export interface User {
  readonly name: string;
  /** May not even see what the server offers. */
  readonly refused?: true;
  readonly namespaces?: readonly string[];
}

export interface AccessOptions {
  /** Without it everybody may do everything, with or without a token. */
  readonly tokens?: readonly KubernetesToken[];
  /** Without it a request without a token may do nothing, once there are tokens. */
  readonly anonymous?: AnonymousAccess;
}

export interface Attributes {
  readonly verb: string;
  readonly resource: string;
  /** Empty for the whole cluster. */
  readonly namespace: string;
  /** Empty for a list, a watch or a creation. */
  readonly name: string;
}

/** The user of a request. Without any tokens in the options everybody may do everything. */
export function authenticate(header: string | undefined, options: AccessOptions): User {
  const { tokens, anonymous } = options;
  if (tokens === undefined) return { name: "lab" };
  const bearer = /^Bearer (.+)$/i.exec(header ?? "")?.[1];
  const name = "system:anonymous";
  if (bearer === undefined) return anonymous === undefined ? { name, refused: true } : { name, ...anonymous };
  const known = tokens.find(({ token }) => token === bearer);
  if (known === undefined) throw unauthorized();
  const { user = "lab", namespaces } = known;
  return { name: user, ...(namespaces === undefined ? {} : { namespaces }) };
}

export function authorizePath(user: User, path: string): void {
  if (user.refused !== true) return;
  const message = `forbidden: User ${JSON.stringify(user.name)} cannot get path ${JSON.stringify(path)}`;
  throw new StatusError(403, "Forbidden", message, {});
}

export function authorize(user: User, attributes: Attributes): void {
  const allowed = user.namespaces?.includes(attributes.namespace) ?? true;
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
