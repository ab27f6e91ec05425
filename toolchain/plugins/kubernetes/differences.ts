import { equal } from "../../../provider/grpc/index.ts";
import type { PropertyDifference, Values } from "../../../provider/grpc/index.ts";
import { isRecord } from "./records.ts";

/** Differences between two objects, by the path of the innermost property. */
export function differences(old: Values, now: Values, path = ""): Record<string, PropertyDifference> {
  const found: Record<string, PropertyDifference> = {};
  for (const key of new Set([...Object.keys(old), ...Object.keys(now)])) {
    const before = old[key];
    const after = now[key];
    if (equal(before, after)) continue;
    const here = /^[A-Za-z_$][\w$]*$/.test(key)
      ? path === ""
        ? key
        : `${path}.${key}`
      : `${path}[${JSON.stringify(key)}]`;
    if (isRecord(before) && isRecord(after)) Object.assign(found, differences(before, after, here));
    else {
      const kind = before === undefined ? "add" : after === undefined ? "delete" : "update";
      found[here] = { kind, inputDiff: true };
    }
  }
  return found;
}
