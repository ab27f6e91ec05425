import { closest, distance } from "fastest-levenshtein";
import type { $ZodIssue } from "zod/v4/core";
import * as z from "zod";
import { toSeconds } from "../duration.ts";
import { ZotAuthError } from "../errors.ts";
import { settingsSchema } from "./schema.ts";
import type { Settings } from "./schema.ts";

/** One bad setting: where, what stands there, and what would be right. */
export interface SettingsProblem {
  readonly path: string;
  readonly message: string;
}

/** All bad settings of a stack in one report. */
export class SettingsError extends ZotAuthError {
  readonly problems: readonly SettingsProblem[];

  constructor(problems: readonly SettingsProblem[]) {
    const lines = problems.map(({ path, message }) => `  ${path}: ${message}`);
    const count = problems.length === 1 ? "A setting is" : `${problems.length} settings are`;
    super(
      "SETTINGS_INVALID",
      [`${count} not right. Nothing was changed. Correct Pulumi.<stack>.yaml and run again:`, ...lines].join("\n"),
    );
    this.problems = problems;
  }
}

/**
 * Checks a stack's settings as a whole.
 *
 * @param raw the groups as they stand in `Pulumi.<stack>.yaml`, without the project's prefix
 * @throws SettingsError with every problem, not just the first
 */
export function parseSettings(raw: Readonly<Record<string, unknown>>): Settings {
  const result = settingsSchema.safeParse(raw);
  if (!result.success) throw new SettingsError(result.error.issues.flatMap((issue) => describe(issue, raw)));
  const problems = [...crossChecks(result.data)];
  if (problems.length > 0) throw new SettingsError(problems);
  return result.data;
}

/** What one setting alone cannot tell. */
function* crossChecks(settings: Settings): Generator<SettingsProblem> {
  const { ci, registry, access } = settings;
  if (ci.rotateAfter !== undefined && toSeconds(ci.rotateAfter) >= toSeconds(ci.keyLifetime)) {
    yield {
      path: "ci.rotateAfter",
      message: `got "${ci.rotateAfter}", which is not below ci.keyLifetime "${ci.keyLifetime}": the key would expire before it is replaced. Leave it out for two thirds of the lifetime.`,
    };
  }
  if (access.adminGroup === access.ciGroup) {
    yield {
      path: "access.ciGroup",
      message: `got "${access.ciGroup}", which is access.adminGroup too: CI would get every right. Name another group.`,
    };
  }
  if (registry.host !== "local") {
    for (const key of ["configFile", "credentialsFile", "dataDirectory"] as const) {
      if (!registry[key].startsWith("/")) {
        yield {
          path: `registry.${key}`,
          message: `got "${registry[key]}"; on ${registry.host} it has to be an absolute path.`,
        };
      }
    }
  }
  if (registry.configFile === registry.credentialsFile) {
    yield {
      path: "registry.credentialsFile",
      message: "is the same file as registry.configFile. Name a file of its own.",
    };
  }
}

function describe(issue: $ZodIssue, raw: Readonly<Record<string, unknown>>): SettingsProblem[] {
  const path = issue.path.map(String);
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({ path: [...path, key].join("."), message: unknownKey(key, knownKeys(path)) }));
  }
  const value = path.reduce<unknown>(
    (at, key) => (isRecord(at) ? at[key] : Array.isArray(at) ? at[Number(key)] : undefined),
    raw,
  );
  const wanted = wantedBy(issue);
  const missing = value === undefined;
  return [
    {
      path: path.join("."),
      message: missing ? `is missing; it has to be ${wanted}.` : `${got(path, value)}; it has to be ${wanted}.`,
    },
  ];
}

/** The value as it stands there, unless somebody may have written a secret in place of its reference. */
function got(path: readonly string[], value: unknown): string {
  if (/(token|secret|keyStore)$/i.test(path.at(-1) ?? ""))
    return "the value (not shown, since it may be a secret) is not right";
  return isRecord(value) ? `got a group with ${Object.keys(value).join(", ")}` : `got ${JSON.stringify(value)}`;
}

/** The schema's types in the user's words. */
const TYPES: ReadonlyMap<string, string> = new Map([
  ["object", "a group of settings"],
  ["array", "a list"],
  ["string", "a text"],
  ["boolean", "true or false"],
]);

function wantedBy(issue: $ZodIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return TYPES.get(issue.expected) ?? issue.message;
    case "invalid_value":
      return `one of ${issue.values.map(String).join(", ")}`;
    default:
      return issue.message;
  }
}

function unknownKey(key: string, known: readonly string[]): string {
  const near = known.length === 0 ? undefined : closest(key, [...known]);
  const hint =
    near !== undefined && distance(key, near) <= Math.max(2, key.length / 3) ? ` Did you mean "${near}"?` : "";
  return `is no setting.${hint} Known here: ${known.join(", ")}.`;
}

/** The names that the schema knows below a path. */
function knownKeys(path: readonly string[]): string[] {
  let schema: z.core.$ZodType | undefined = settingsSchema;
  for (const key of path) {
    const inner: z.core.$ZodType = unwrap(schema);
    if (inner instanceof z.ZodObject) schema = inner.shape[key] as z.core.$ZodType | undefined;
    else if (inner instanceof z.ZodArray) schema = inner.element;
    if (schema === undefined) return [];
  }
  const inner = unwrap(schema);
  return inner instanceof z.ZodObject ? Object.keys(inner.shape) : [];
}

function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  let inner = schema;
  while (inner instanceof z.ZodOptional || inner instanceof z.ZodDefault || inner instanceof z.ZodPrefault)
    inner = inner.unwrap();
  return inner;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
