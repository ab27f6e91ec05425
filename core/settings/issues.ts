import { closest, distance } from "fastest-levenshtein";
import type { $ZodIssue } from "zod/v4/core";
import * as z from "zod";
import { isObject } from "../json.ts";
import type { SettingsProblem } from "./problem.ts";
import { yamlHint } from "./yaml.ts";

/** What {@link describeIssue} needs besides the schema. */
export interface IssueContext {
  /** Path of the checked value in the settings. Default: the root. */
  readonly prefix?: readonly string[];
  /** New names of renamed settings, by their old path. Default: none. */
  readonly renamed?: ReadonlyMap<string, string>;
}

/**
 * Describes an issue of the schema in the user's words.
 *
 * @param raw the checked value
 * @param schema the schema it was checked against; similar names are suggested from it
 */
export function describeIssue(
  issue: $ZodIssue,
  raw: unknown,
  schema: z.core.$ZodType,
  { prefix = [], renamed = new Map() }: IssueContext = {},
): readonly SettingsProblem[] {
  const path = issue.path.map(String);
  const at = (...keys: readonly string[]): string => [...prefix, ...path, ...keys].join(".");
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => {
      const successor = renamed.get(at(key));
      return {
        path: at(key),
        message: successor === undefined ? unknownKey(key, knownKeys(path, schema)) : `was renamed to ${successor}.`,
      };
    });
  }
  if (issue.code === "invalid_key") {
    const reasons = issue.issues.map(({ message }) => message).join(", ");
    return [{ path: at(), message: `got the name ${JSON.stringify(path.at(-1))}; must be ${reasons}.` }];
  }
  const value = path.reduce<unknown>(
    (found, key) => (isObject(found) ? found[key] : Array.isArray(found) ? found[Number(key)] : undefined),
    raw,
  );
  const wanted = wantedBy(issue);
  return [
    {
      path: at(),
      message:
        value === undefined
          ? `required: ${wanted}.`
          : `got ${shown([...prefix, ...path], value)}; ${isInstruction(wanted) ? wanted : `must be ${wanted}`}.${yamlHint(value, schemaAt(path, schema))}`,
    },
  ];
}

/** The value, unless it may be a secret that was written instead of a reference. */
function shown(path: readonly string[], value: unknown): string {
  if (isObject(value)) {
    const keys = Object.keys(value);
    return keys.length === 0 ? "an empty group" : `a group with ${keys.join(", ")}`;
  }
  return /(token|secret|password|secretkey|accesskey|keyStores?|apiKey|source)$/i.test(
    path.findLast((key) => !/^\d+$/.test(key)) ?? "",
  )
    ? "a value that is not shown because it may be a secret"
    : // Of an address with a password, only the rest.
      JSON.stringify(value).replaceAll(/\/\/[^\s"]*@/g, "//…@");
}

/** Whether a schema's message says what to do rather than what the value must be. */
function isInstruction(message: string): boolean {
  return /^(set|use|list) /.test(message);
}

/** The schema's types, for messages. */
const TYPES: ReadonlyMap<string, string> = new Map([
  ["object", "a group of settings"],
  ["record", "a group of settings"],
  ["array", "a list"],
  ["string", "a string"],
  ["number", "a number"],
  ["int", "a whole number"],
  ["boolean", "true or false"],
]);

function wantedBy(issue: $ZodIssue): string {
  switch (issue.code) {
    case "invalid_type":
      // The schema's own message says more than the type.
      return (issue.message.startsWith("Invalid input") ? TYPES.get(issue.expected) : undefined) ?? issue.message;
    case "invalid_value":
      return `one of ${issue.values.map(String).join(", ")}`;
    default:
      return issue.message;
  }
}

/** How the message about a key that the schema does not know begins. */
export const UNKNOWN_SETTING = "unknown setting.";

function unknownKey(key: string, known: readonly string[]): string {
  const byLowerCase = new Map(known.map((name) => [name.toLowerCase(), name]));
  const near = known.length === 0 ? undefined : closest(key.toLowerCase(), [...byLowerCase.keys()]);
  const isNear = near !== undefined && distance(key.toLowerCase(), near) <= Math.max(2, key.length / 3);
  const hint = isNear ? ` Did you mean "${byLowerCase.get(near) ?? near}"?` : "";
  return `${UNKNOWN_SETTING}${hint} Known settings: ${known.join(", ")}.`;
}

/** The schema of what is at a path; `undefined` if it is not one of a group, a list or a map. */
function schemaAt(path: readonly string[], root: z.core.$ZodType): z.core.$ZodType | undefined {
  let schema: z.core.$ZodType | undefined = root;
  for (const key of path) {
    const inner: z.core.$ZodType = unwrap(schema);
    if (inner instanceof z.ZodObject) schema = inner.shape[key] as z.core.$ZodType | undefined;
    else if (inner instanceof z.ZodArray) schema = inner.element;
    else if (inner instanceof z.ZodRecord) schema = inner.valueType;
    else return undefined;
    if (schema === undefined) return undefined;
  }
  return schema;
}

/** The names that the schema knows below a path. */
function knownKeys(path: readonly string[], root: z.core.$ZodType): string[] {
  const schema = schemaAt(path, root);
  if (schema === undefined) return [];
  const inner = unwrap(schema);
  if (!(inner instanceof z.ZodObject)) return [];
  // zot's schema knows most names twice, the second time in lower case.
  const names = Object.keys(inner.shape);
  return names.filter(
    (name) => name !== name.toLowerCase() || !names.some((other) => other !== name && other.toLowerCase() === name),
  );
}

function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  let inner = schema;
  while (
    inner instanceof z.ZodOptional ||
    inner instanceof z.ZodDefault ||
    inner instanceof z.ZodPrefault ||
    inner instanceof z.ZodLazy
  )
    inner = inner.unwrap();
  return inner;
}
