import { fromSeconds } from "../../../../../core/time/duration.ts";
import type { Duration } from "../../../../../core/time/duration.ts";
import { valueAt } from "../../syntax/anyCase.ts";
import { isTrue } from "../../compared/effective.ts";
import { nanoseconds } from "../../syntax/goDuration.ts";

// Values of a config as zot reads them: it also takes "5000" for a number, "true" for a flag, and one text for a list.

export function textAt(value: unknown, ...path: readonly string[]): string | undefined {
  const found = valueAt(value, ...path);
  return typeof found === "string" && found !== "" ? found : undefined;
}

/** The path of a file or folder. A relative one depends on the folder that zot is started in, which no setting knows. */
export function absoluteAt(value: unknown, ...path: readonly string[]): string | undefined {
  const found = textAt(value, ...path);
  return found?.startsWith("/") === true ? found : undefined;
}

export function textsAt(value: unknown, ...path: readonly string[]): readonly string[] {
  const found = valueAt(value, ...path);
  if (typeof found === "string" && found !== "") return [found];
  return Array.isArray(found) ? found.filter((entry) => typeof entry === "string") : [];
}

/** The list, or `undefined` for an empty one. */
export function someTextsAt(value: unknown, ...path: readonly string[]): readonly string[] | undefined {
  const found = textsAt(value, ...path);
  return found.length === 0 ? undefined : found;
}

export function flagAt(value: unknown, ...path: readonly string[]): boolean | undefined {
  const found = valueAt(value, ...path);
  return found === undefined || found === null ? undefined : isTrue(found);
}

export function numberAt(value: unknown, ...path: readonly string[]): number | undefined {
  const found = valueAt(value, ...path);
  const isNumber = typeof found === "number" || (typeof found === "string" && /^\d+$/.test(found));
  return isNumber ? Number(found) : undefined;
}

/** A duration; `undefined` if there is none, or one that is no whole number of seconds. */
export function durationAt(value: unknown, ...path: readonly string[]): Duration | undefined {
  const time = nanoseconds(valueAt(value, ...path));
  return time === undefined || time < 0 || time % 1e9 !== 0 ? undefined : fromSeconds(time / 1e9);
}
