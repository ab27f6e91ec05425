import { diff } from "node:util";
import { isObject } from "../../core/json.ts";
import type { JsonObject } from "../../core/json.ts";

/** What Pulumi writes for a value that only the update will know. */
const UNKNOWN =
  /^(?:04da6b54-80e4-46f7-96ec-b56ff0331ba9|3eeb2bf0-c639-47a8-9e75-3b44932eb421|1c4a061d-8072-4f0a-a4cb-0ff528b18fe7|6a19a0b0-7e62-4c92-b797-7f8e31da9cc2|dd056dcd-154b-4c76-9bd3-c8f88648b5ff)$/;

/** Unchanged lines around a change. */
const AROUND = 3;

/** Pairs of lines that are compared at most: a longer text is shown as replaced. */
const COMPARED = 4_000_000;

/** How a property changes, as lines of a diff, one a part that differs; a missing value is `undefined`. */
export function differenceOf(name: string, before: unknown, after: unknown): readonly string[] {
  const [was, becomes] = [partsOf(before), partsOf(after)];
  if (was !== undefined && becomes !== undefined) {
    const keys = [...new Set([...Object.keys(was), ...Object.keys(becomes)])];
    return keys.flatMap((key) => differenceOf(`${name}.${key}`, was[key], becomes[key]));
  }
  const [old, made] = [linesOf(before), linesOf(after)];
  if (old.join("\n") === made.join("\n")) return [];
  if (old.length <= 1 && made.length <= 1) {
    return [...old.map((line) => `- ${name}: ${line}`), ...made.map((line) => `+ ${name}: ${line}`)];
  }
  return [`  ${name}:`, ...changesOf(old, made).map((line) => `${line.slice(0, 2)}  ${line.slice(2)}`)];
}

/** The object, also from a text of JSON such as zot's config. */
function partsOf(value: unknown): JsonObject | undefined {
  const parsed = typeof value === "string" ? parsedJson(value) : value;
  return isObject(parsed) ? parsed : undefined;
}

/** The changed lines, and a few around them. */
function changesOf(old: readonly string[], made: readonly string[]): readonly string[] {
  const all: readonly string[] =
    old.length * made.length > COMPARED
      ? [...old.map((line) => `- ${line}`), ...made.map((line) => `+ ${line}`)]
      : diff([...old], [...made]).map(([kind, line]) => `${SIGNS[String(kind)] ?? " "} ${line}`);
  const shown = new Set<number>();
  for (const [index, line] of all.entries()) {
    if (line.startsWith(" ")) continue;
    for (let near = index - AROUND; near <= index + AROUND; near += 1) shown.add(near);
  }
  return all.flatMap((line, index) => {
    if (shown.has(index)) return [line];
    return index === 0 || shown.has(index - 1) ? ["  …"] : [];
  });
}

/** `util.diff` names what the second list lacks an insertion. */
const SIGNS: Readonly<Record<string, string>> = { "-1": "+", "0": " ", "1": "-" };

function linesOf(value: unknown): readonly string[] {
  if (value === undefined || value === null || value === "") return [];
  if (typeof value !== "string") return written(value);
  const parsed = parsedJson(value);
  return parsed === undefined ? value.trimEnd().split("\n").map(legible) : written(parsed);
}

function written(value: unknown): readonly string[] {
  const text = JSON.stringify(value, (_, part: unknown) => (typeof part === "string" ? legible(part) : part), 2);
  return text.split("\n");
}

/** The value of a text that is a JSON object or list. */
function parsedJson(text: string): unknown {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    const value = JSON.parse(text) as unknown;
    return isObject(value) || Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** A hash by its beginning. */
function legible(text: string): string {
  if (UNKNOWN.test(text)) return "known after the update";
  return /^[0-9a-f]{32,}$/.test(text) ? `${text.slice(0, 12)}…` : text;
}
