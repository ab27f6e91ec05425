import * as z from "zod";
import { isObject } from "../json.ts";
import type { SettingsProblem } from "./problem.ts";

/**
 * What YAML makes of a value without quotes, for the messages about it: `group: 2024` is a number, `group: 2026-11-30` a date, `group:` nothing.
 * Without this, a message quotes a value that is not in the file and asks for the one that is.
 *
 * @param schema of this value, if it is known
 * @returns a sentence that begins with a space, or nothing
 */
export function yamlHint(value: unknown, schema: z.core.$ZodType | undefined): string {
  const accepts = (other: unknown): boolean => schema !== undefined && z.safeParse(schema, other).success;
  if (value === null) return " YAML reads an empty value, ~ and null like this: enter a value, or remove the line.";
  // Pulumi's own warning about such a line recommends "".
  if (value === "" && accepts({})) return " Enter settings below it, or remove the line.";
  if (typeof value === "number" || typeof value === "boolean") {
    const type = typeof value === "number" ? "a number" : "true or false";
    return accepts(String(value)) ? ` Without quotes, YAML reads it as ${type}: put what you mean in quotes.` : "";
  }
  if (typeof value !== "string") return "";
  if (isUnquotedDate(value)) return ` ${DATE}`;
  // Digits that begin with 0 are octal to some readers of YAML.
  return /^(?:true|false|-?(?:0|[1-9]\d*)(?:\.\d+)?)$/.test(value) && accepts(JSON.parse(value))
    ? " Remove the quotes."
    : "";
}

/**
 * Every date that was written without quotes where a name is meant. Pulumi passes it in Go's words, with a time of day: it would be the name of something else.
 * As a trigger it is only compared with the one before, so it does no harm there.
 */
export function unquotedDates(value: unknown, path: readonly string[] = []): readonly SettingsProblem[] {
  if (Array.isArray(value))
    return value.flatMap((entry: unknown, index) => unquotedDates(entry, [...path, String(index)]));
  if (isObject(value))
    return Object.entries(value).flatMap(([key, inner]) => [
      ...(isUnquotedDate(key) ? [{ path: [...path, key].join("."), message: `got the name "${key}". ${DATE}` }] : []),
      ...(key === EMPTY_KEY
        ? [{ path: [...path, key].join("."), message: "got no name, or the name null. Put the name in quotes." }]
        : []),
      ...unquotedDates(inner, [...path, key]),
    ]);
  return typeof value === "string" && isUnquotedDate(value) && !/Trigger$/.test(path.at(-1) ?? "")
    ? [{ path: path.join("."), message: `got "${value}". ${DATE}` }]
    : [];
}

const DATE = 'Without quotes, YAML reads a date like this: put it in quotes, as in "2026-11-30".';

/** What Go prints for YAML's null in the place of a name. */
const EMPTY_KEY = "<nil>";

/** As Go prints a time: `2026-11-30 00:00:00 +0000 UTC`, with another offset `2026-11-30 10:00:00 +0200 +0200`. */
function isUnquotedDate(text: string): boolean {
  return /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)? [+-]\d{4} \S+$/.test(text);
}
