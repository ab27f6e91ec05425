// Part of the lab's kube-apiserver: validates names, keys and sizes.
import type { KubernetesObject } from "./objects.ts";
import type { StatusCause } from "../api/status.ts";
import { invalid } from "../api/status.ts";

const LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const SUBDOMAIN = `${LABEL}(\\.${LABEL})*`;
const KEY = "[-._a-zA-Z0-9]+";
const MAXIMUM_BYTES = 1024 * 1024;

const labelAdvice =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character " +
  `(e.g. 'my-name',  or '123-abc', regex used for validation is '${LABEL}')`;
const subdomainAdvice =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character " +
  `(e.g. 'example.com', regex used for validation is '${SUBDOMAIN}')`;
const keyAdvice =
  "a valid config key must consist of alphanumeric characters, '-', '_' or '.' " +
  `(e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '${KEY}')`;

/** Throws 422 with all problems. `live` is the object before the change, if it exists. */
export function validate(object: KubernetesObject, live: KubernetesObject | undefined): void {
  const causes = [...nameCauses(object), ...dataCauses(object), ...immutableCauses(object, live)];
  if (causes.length > 0) throw invalid(object.kind, object.metadata.name, causes);
}

function nameCauses(object: KubernetesObject): StatusCause[] {
  const { name } = object.metadata;
  const field = "metadata.name";
  if (name === "") {
    return [{ reason: "FieldValueRequired", message: "Required value: name or generateName is required", field }];
  }
  const [pattern, advice, longest] =
    object.kind === "Namespace" ? [LABEL, labelAdvice, 63] : [SUBDOMAIN, subdomainAdvice, 253];
  if (!new RegExp(`^${pattern}$`).test(name)) return [invalidValue(field, name, advice)];
  return name.length > longest ? [invalidValue(field, name, `must be no more than ${longest} characters`)] : [];
}

function dataCauses({ data = {}, binaryData = {} }: KubernetesObject): StatusCause[] {
  const causes: StatusCause[] = [];
  for (const [field, map] of Object.entries({ data, binaryData })) {
    for (const key of Object.keys(map)) {
      if (!new RegExp(`^${KEY}$`).test(key) || key === "." || key.startsWith("..")) {
        causes.push(invalidValue(`${field}[${key}]`, key, keyAdvice));
      }
    }
  }
  for (const key of Object.keys(binaryData)) {
    if (key in data) causes.push(invalidValue(`data[${key}]`, key, "duplicate of key present in binaryData"));
  }
  const bytes =
    Object.values(data).reduce((sum, value) => sum + Buffer.byteLength(value), 0) +
    Object.values(binaryData).reduce((sum, value) => sum + Buffer.from(value, "base64").length, 0);
  if (bytes > MAXIMUM_BYTES) {
    const message = `Too long: may not be more than ${MAXIMUM_BYTES} bytes`;
    causes.push({ reason: "FieldValueTooLong", message, field: "" });
  }
  return causes;
}

function immutableCauses(object: KubernetesObject, live: KubernetesObject | undefined): StatusCause[] {
  if (live?.immutable !== true) return [];
  return (["immutable", "data", "binaryData"] as const)
    .filter((field) => JSON.stringify(object[field] ?? {}) !== JSON.stringify(live[field] ?? {}))
    .map((field) => ({
      reason: "FieldValueForbidden",
      message: "Forbidden: field is immutable when `immutable` is set",
      field,
    }));
}

function invalidValue(field: string, value: string, advice: string): StatusCause {
  return { reason: "FieldValueInvalid", message: `Invalid value: ${JSON.stringify(value)}: ${advice}`, field };
}
