import * as z from "zod";
import { isObject } from "../core/json.ts";
import type { JsonObject } from "../core/json.ts";
import { settingsSchema } from "./schema.ts";

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
        properties: Object.fromEntries(groups.map(([name, group]) => [PREFIX + name, group])),
        required: (required ?? []).map((name) => PREFIX + name),
        patternProperties: { [`^${PREFIX}(?!(?:${groups.map(([name]) => name).join("|")})$)`]: false },
      },
    },
    required: ["config"],
  };
}
