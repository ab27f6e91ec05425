// Stands in for Authentik: its serializers, which validate an object before it is written.
import type { Database } from "./database.ts";
import type { Json, JsonObject } from "../../shared/json.ts";
import { isObject } from "../../shared/json.ts";
import type { Field } from "./fields.ts";
import { models } from "./models.ts";
import type { Row } from "./state.ts";

/** An error for a field, with the message and code of Django REST framework. */
export interface FieldError {
  readonly string: string;
  readonly code: string;
}

export type FieldErrors = Record<string, FieldError[]>;

/** Validates the values of a new object, or a partial update of `existing`. */
export function validate(database: Database, model: string, values: Readonly<JsonObject>, existing?: Row): FieldErrors {
  const errors: FieldErrors = {};
  for (const [name, field] of Object.entries(models[model]?.fields ?? {})) {
    if (!database.knows(field)) continue;
    const value = values[name];
    if (value === undefined) {
      if (field.required === true && existing === undefined) errors[name] = [required];
      continue;
    }
    const error = complaint(database, field, value) ?? duplicate(database, model, name, field, value, existing);
    if (error !== undefined) errors[name] = [error];
  }
  return errors;
}

/** Whether a policy binding lacks a group, policy or user. */
export function bindsNobody(values: Readonly<JsonObject>, existing?: Row): boolean {
  const binding = { ...existing, ...values };
  return ["policy", "group", "user"].filter((name) => (binding[name] ?? null) !== null).length !== 1;
}

export const required: FieldError = { string: "This field is required.", code: "required" };

/** The errors in an API response: messages by field. */
export const asAnswer = (errors: FieldErrors): Record<string, string[]> =>
  Object.fromEntries(Object.entries(errors).map(([name, found]) => [name, found.map((error) => error.string)]));

/** The errors as Python prints them in a blueprint's log. */
export function asPython(errors: FieldErrors): string {
  const detail = (error: FieldError) => `ErrorDetail(string=${quoted(error.string)}, code='${error.code}')`;
  return `{${Object.entries(errors)
    .map(([name, found]) => `'${name}': [${found.map(detail).join(", ")}]`)
    .join(", ")}}`;
}

/** Like Python, uses single quotes unless the text contains one. */
const quoted = (value: string): string => (value.includes("'") ? `"${value}"` : `'${value}'`);

function complaint(database: Database, field: Field, value: Json): FieldError | undefined {
  if (value === null)
    return field.nullable === true ? undefined : { string: "This field may not be null.", code: "null" };
  switch (field.kind) {
    case "boolean":
      return typeof value === "boolean" ? undefined : { string: "Must be a valid boolean.", code: "invalid" };
    case "integer":
      return Number.isInteger(value) ? undefined : { string: "A valid integer is required.", code: "invalid" };
    case "text":
      return textComplaint(field, value);
    case "reference":
      return referenceComplaint(database, field, value);
    case "references":
      if (!Array.isArray(value)) return notAList(value);
      return value.map((item) => referenceComplaint(database, field, item)).find((error) => error !== undefined);
    case "list":
      return Array.isArray(value) ? undefined : notAList(value);
    case "object":
      return isObject(value) ? undefined : { string: "Value must be valid JSON.", code: "invalid" };
  }
}

function textComplaint(field: Field, value: Json): FieldError | undefined {
  if (typeof value === "object" || typeof value === "boolean")
    return { string: "Not a valid string.", code: "invalid" };
  if (field.choices !== undefined && !field.choices.includes(String(value)))
    return { string: `"${String(value)}" is not a valid choice.`, code: "invalid_choice" };
  if (value === "" && field.required === true) return { string: "This field may not be blank.", code: "blank" };
  if (field.slug === true && !/^[-a-zA-Z0-9_]+$/.test(String(value)))
    return {
      string: "Enter a valid “slug” consisting of letters, numbers, underscores or hyphens.",
      code: "invalid",
    };
  return undefined;
}

function referenceComplaint(database: Database, field: Field, value: Json): FieldError | undefined {
  if (value === null) return { string: "This field may not be null.", code: "null" };
  if (field.to !== undefined && database.resolve(field.to, value) !== undefined) return undefined;
  const shown = typeof value === "object" ? JSON.stringify(value) : String(value);
  return { string: `Invalid pk "${shown}" - object does not exist.`, code: "does_not_exist" };
}

const notAList = (value: Json): FieldError => ({
  string: `Expected a list of items but got type "${typeof value === "string" ? "str" : "dict"}".`,
  code: "not_a_list",
});

function duplicate(
  database: Database,
  model: string,
  name: string,
  field: Field,
  value: Json,
  existing: Row | undefined,
): FieldError | undefined {
  if (field.unique !== true || value === null) return undefined;
  const other = database.find(model, { [name]: value });
  if (other === undefined || other === existing) return undefined;
  const spoken = models[model]?.name ?? model;
  return { string: `${spoken} with this ${name.replaceAll("_", " ")} already exists.`, code: "unique" };
}
