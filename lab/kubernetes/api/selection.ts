// Part of the lab's kube-apiserver: selects the objects of a list or a watch.
import type { Context } from "hono";
import type { KubernetesObject, Resource } from "../objects/objects.ts";
import { badRequest } from "./status.ts";

export interface Selection {
  readonly resource: Resource;
  /** Undefined for all namespaces. */
  readonly namespace: string | undefined;
  readonly matches: (object: KubernetesObject) => boolean;
}

/** The selection of a request, from its `fieldSelector` and `labelSelector`. */
export function select(context: Context, resource: Resource, namespace: string | undefined): Selection {
  const conditions = [
    ...terms(context.req.query("fieldSelector")).map(fieldCondition),
    ...terms(context.req.query("labelSelector")).map(labelCondition),
  ];
  return { resource, namespace, matches: (object) => conditions.every((holds) => holds(object)) };
}

export function isSelected(
  { resource, namespace, matches }: Selection,
  of: Resource,
  object: KubernetesObject,
): boolean {
  return of === resource && (namespace === undefined || object.metadata.namespace === namespace) && matches(object);
}

const terms = (selector: string | undefined) => (selector ?? "").split(",").filter((term) => term !== "");

type Condition = (object: KubernetesObject) => boolean;

function fieldCondition(term: string): Condition {
  const [, field = "", operator = "", value = ""] = /^([^=!]+)(==?|!=)(.*)$/.exec(term) ?? [];
  if (field !== "metadata.name" && field !== "metadata.namespace") {
    throw badRequest(`field label not supported: ${field === "" ? term : field}`);
  }
  const read = ({ metadata }: KubernetesObject) =>
    field === "metadata.name" ? metadata.name : (metadata.namespace ?? "");
  return (object) => (read(object) === value) === (operator !== "!=");
}

function labelCondition(term: string): Condition {
  const [, absent, label = "", operator, value = ""] = /^(!)?([^=!]+)(?:(==?|!=)(.*))?$/.exec(term) ?? [];
  if (label === "") throw badRequest(`unable to parse requirement: found '${term}', expected: identifier`);
  const read = ({ metadata }: KubernetesObject) => metadata.labels?.[label.trim()];
  if (operator === undefined) return (object) => (read(object) === undefined) === (absent === "!");
  return (object) => (read(object) === value) === (operator !== "!=");
}
