import type * as z from "zod";
import type { JsonObject } from "../../../../core/json.ts";
import { UNKNOWN_SETTING, describeIssue } from "../../../../core/settings/issues.ts";
import type { SettingsProblem } from "../../../../core/settings/problem.ts";
import { NEWEST_KNOWN, atLeast, formatZotVersion } from "../../version.ts";
import type { ZotVersion } from "../../version.ts";
import { builtInSchema, hostSchema } from "./schema.ts";

/** The zot that decides what `zot.extra` may say. */
export interface DecidingZot {
  readonly version: ZotVersion;
  /** The output of its `zot schema`. */
  readonly schema?: string | undefined;
  /** Whether the host has answered; otherwise the version is assumed. */
  readonly isKnown: boolean;
}

/** What `zot.extra` may say. */
export interface Known {
  /** `undefined` if no schema of this release is available: a newer zot may accept more than this program knows. */
  readonly schema: z.ZodType | undefined;
  /** What this program does not know, where it does not decide. */
  readonly warnings: readonly string[];
}

/** The schema of the zot on the host or, for a release that this program knows, its own. */
export function knownKeys(extra: JsonObject, { version, schema, isKnown }: DecidingZot): Known {
  if (Object.keys(extra).length === 0) return { schema: undefined, warnings: [] };
  const ofHost = schema === undefined ? undefined : hostSchema(schema);
  const decides = ofHost ?? (isKnown && atLeast(NEWEST_KNOWN, formatZotVersion(version)) ? builtInSchema() : undefined);
  if (decides !== undefined) return { schema: decides, warnings: [] };
  const newest = formatZotVersion(NEWEST_KNOWN);
  const warnings = schemaProblems(extra, builtInSchema()).map(({ path, message }) => {
    const reason = message.startsWith(UNKNOWN_SETTING)
      ? `not known in zot ${newest}.${message.slice(UNKNOWN_SETTING.length)}`
      : `not valid in zot ${newest}: ${message}`;
    return `${path}: ${reason} The zot on the host may accept it, but its schema could not be read. Check the spelling; \`up\` lets zot verify the config before anything changes.`;
  });
  return { schema: undefined, warnings };
}

/** Violations of zot's own schema in `zot.extra`. */
export function schemaProblems(extra: JsonObject, schema: z.ZodType): readonly SettingsProblem[] {
  const { error } = schema.safeParse(extra);
  return (error?.issues ?? []).flatMap((issue) => describeIssue(issue, extra, schema, { prefix: ["zot", "extra"] }));
}
