import * as z from "zod";
import { settingsSchema } from "./schema.ts";

/** What the JSON schema of a setting says, as far as the table needs it. */
interface Property {
  readonly description?: string;
  readonly default?: unknown;
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly properties?: Readonly<Record<string, Property>>;
  readonly required?: readonly string[];
  readonly items?: Property;
  /** What every entry of a map has to be. */
  readonly additionalProperties?: Property | boolean;
  readonly anyOf?: readonly Property[];
}

/** The page of all settings, from the one schema that also checks them. */
export function documentSettings(): string {
  const schema = z.toJSONSchema(settingsSchema, { io: "input" }) as Property;
  const groups = Object.entries(schema.properties ?? {}).map(([name, group]) =>
    documentGroup(name, group, schema.required?.includes(name) === true),
  );
  return [
    "# Settings",
    "",
    "Written by `npm run docs` from `settings/schema.ts`. In `Pulumi.<stack>.yaml` each group is a key `zot-auth:<group>` below `config`.",
    "All bad settings are reported at once, before anything runs. A reference to a secret is `op://vault/item/field`, `env:NAME` or `file:path`;",
    'a span of time is a whole number and a unit: `"90 days"`, `"1 hour"`, `"30 seconds"`.',
    "",
    ...groups,
  ].join("\n");
}

function documentGroup(name: string, group: Property, required: boolean): string {
  const rows = Object.entries(group.properties ?? {}).flatMap(([key, property]) =>
    rowsOf(key, property, group.required?.includes(key) === true),
  );
  return [
    `## \`${name}\`${required ? "" : " (optional)"}`,
    "",
    ...(group.description === undefined ? [] : [group.description, ""]),
    "| setting | shape | default | what it is |",
    "|---|---|---|---|",
    ...rows,
    "",
  ].join("\n");
}

function rowsOf(path: string, property: Property, required: boolean): string[] {
  const fallback =
    property.default === undefined ? (required ? "(has to be set)" : "") : `\`${JSON.stringify(property.default)}\``;
  const { items } = property;
  const entry = typeof property.additionalProperties === "object" ? property.additionalProperties : undefined;
  const owner = items ?? entry ?? property;
  const prefix = items !== undefined ? `${path}[]` : entry !== undefined ? `${path}.<name>` : path;
  return [
    `| \`${path}\` | ${shapeOf(property)} | ${fallback} | ${(property.description ?? "").replaceAll("|", "\\|")} |`,
    ...Object.entries(owner.properties ?? {}).flatMap(([key, inner]) =>
      rowsOf(`${prefix}.${key}`, inner, owner.required?.includes(key) === true),
    ),
  ];
}

function shapeOf(property: Property): string {
  const { type, enum: values, items, anyOf, additionalProperties: entry } = property;
  if (values !== undefined) return values.map((value) => `\`${value}\``).join(", ");
  if (type === "array") return `list of ${plural(items)}`;
  if (type === "object" && typeof entry === "object") return `map of ${plural(entry)}`;
  return SHAPES.get(type ?? anyOf?.[0]?.type ?? "") ?? "";
}

const SHAPES: ReadonlyMap<string, string> = new Map([
  ["string", "text"],
  ["integer", "number"],
  ["boolean", "true or false"],
  ["object", "group"],
]);

function plural(property: Property | undefined): string {
  if (property?.enum !== undefined) return shapeOf(property);
  if (property?.type === "array") return `lists of ${plural(property.items)}`;
  return property?.type === "object" ? "groups" : property?.type === "string" ? "texts" : "anything";
}
