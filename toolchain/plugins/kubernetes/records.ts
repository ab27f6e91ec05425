import { UNKNOWN } from "../../../provider/grpc/index.ts";
import type { Value, Values } from "../../../provider/grpc/index.ts";

export function isRecord(value: Value | undefined): value is Values {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function recordOf(value: Value | undefined): Values {
  return isRecord(value) ? value : {};
}

/** The value if it is a non-empty string. */
export function textOf(value: Value | undefined): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

export function hasUnknown(value: Value): boolean {
  if (value === UNKNOWN) return true;
  return typeof value === "object" && value !== null && Object.values(value as Values).some(hasUnknown);
}
