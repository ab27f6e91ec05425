import * as z from "zod";
import { isObject } from "../../core/json.ts";
import type { JsonObject } from "../../core/json.ts";
import { describeEffects } from "./changes.ts";
import { settingsSchema } from "../schema.ts";

const PREFIX = "zot-auth:";

/** The JSON schema of `Pulumi.<stack>.yaml`, with which editors complete and validate the settings. */
export function settingsJsonSchema(): JsonObject {
  const { $schema, properties, required } = z.toJSONSchema(settingsSchema, { io: "input" });
  const groups = Object.entries(isObject(properties) ? properties : {});
  return {
    $schema,
    title: "Pulumi.<stack>.yaml of zot-auth",
    type: "object",
    properties: {
      config: {
        type: "object",
        properties: Object.fromEntries(groups.map(([name, group]) => [PREFIX + name, withEffects(name, group)])),
        required: (required ?? []).map((name) => PREFIX + name),
        patternProperties: { [`^${PREFIX}(?!(?:${groups.map(([name]) => name).join("|")})$)`]: false },
      },
    },
    required: ["config"],
  };
}

/** The schema of a setting with what a change does in the description, as in docs/reference/settings.md. */
function withEffects(path: string, schema: unknown): unknown {
  if (!isObject(schema)) return schema;
  const { properties, items, additionalProperties: entry, description } = schema;
  if (isObject(properties)) {
    const inner: Record<string, unknown> = Object.fromEntries(
      Object.entries(properties).map(([name, value]) => [name, withEffects(`${path}.${name}`, value)]),
    );
    return { ...schema, properties: inner };
  }
  if (isObject(items) && isObject(items["properties"])) return { ...schema, items: withEffects(`${path}[]`, items) };
  if (isObject(entry) && isObject(entry["properties"]))
    return { ...schema, additionalProperties: withEffects(`${path}.<name>`, entry) };
  const effects = describeEffects(path);
  if (effects === "" || typeof description !== "string") return schema;
  return { ...schema, description: `${description} Effect of a change: ${effects}.` };
}
