// The settings that a person can write: the leaves of the schema.
import * as z from "zod";
import { isObject } from "../../../core/json.ts";
import { settingsSchema } from "../../../settings/schema.ts";

/** By path. `[]` is any entry of a list of groups, `*` any key that the user chooses. */
export function leaves(): readonly string[] {
  return leavesOf(z.toJSONSchema(settingsSchema, { io: "input", unrepresentable: "any" }), "");
}

function leavesOf(schema: unknown, path: string): readonly string[] {
  if (!isObject(schema)) return [path];
  const { properties, additionalProperties, items } = schema;
  if (isObject(properties)) {
    return Object.entries(properties).flatMap(([name, inner]) =>
      leavesOf(inner, path === "" ? name : `${path}.${name}`),
    );
  }
  if (isGroup(additionalProperties)) return leavesOf(additionalProperties, `${path}.*`);
  if (isGroup(items)) return leavesOf(items, `${path}[]`);
  return [path];
}

function isGroup(schema: unknown): boolean {
  return isObject(schema) && isObject(schema["properties"]);
}
