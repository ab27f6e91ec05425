// Part of the lab's kube-apiserver: server-side apply and field ownership.
import type { FieldSet } from "./fieldSet.ts";
import { claimedBy, compare, fieldsOf, fromFieldsV1, readablePath, removeField, toFieldsV1 } from "./fieldSet.ts";
import type { JsonObject } from "../../shared/json.ts";
import { isObject } from "../../shared/json.ts";
import type { ManagedFieldsEntry } from "../objects/objects.ts";
import type { StatusCause } from "../api/status.ts";
import { StatusError } from "../api/status.ts";

interface Ownership {
  readonly manager: string;
  readonly operation: "Apply" | "Update";
  readonly time: string;
  readonly fields: FieldSet;
}

/** An object and its field owners after a write. */
export interface Written {
  readonly object: JsonObject;
  readonly managedFields: ManagedFieldsEntry[];
}

export interface ApplyOptions {
  readonly manager: string;
  readonly force: boolean;
  readonly time: string;
}

/** Server-side apply of `configuration` to `live`, which is empty if the object does not exist. */
export function apply(
  live: JsonObject,
  managed: readonly ManagedFieldsEntry[],
  configuration: JsonObject,
  options: ApplyOptions,
): Written {
  const { manager, force, time } = options;
  const owners = read(managed);
  if (owners.length === 0 && Object.keys(live).length > 0) {
    // Existing fields have no known owner, so a reserved manager owns them.
    const fields = new Set(fieldsOf(live).keys());
    owners.push({ manager: "before-first-apply", operation: "Update", time, fields });
  }
  const isOurs = (owner: Ownership) => owner.manager === manager && owner.operation === "Apply";
  const others = owners.filter((owner) => !isOurs(owner));
  const last = owners.find(isOurs);
  const claimed = claimedBy(configuration);
  const merged = merge(live, configuration);
  for (const path of last?.fields ?? []) {
    if (!claimed.has(path) && !others.some((owner) => owner.fields.has(path))) removeField(merged, path);
  }
  const object = withoutEmptyMaps(merged);
  const { written, removed } = compare(live, object);
  if (!force) refuseConflicts(others, written);
  const kept = others.map((owner) => without(owner, written, removed));
  const changed = last === undefined || !sameSet(last.fields, claimed);
  const ours: Ownership = { manager, operation: "Apply", time: changed ? time : last.time, fields: claimed };
  return { object, managedFields: write([...kept, ours]) };
}

/** Any other write. The manager takes over the fields that it changes. */
export function update(
  live: JsonObject,
  managed: readonly ManagedFieldsEntry[],
  object: JsonObject,
  options: { readonly manager: string; readonly time: string },
): Written {
  const { manager, time } = options;
  const { written, removed } = compare(live, object);
  const owners = read(managed);
  const ours = owners.find((owner) => owner.manager === manager && owner.operation === "Update");
  const others = owners.filter((owner) => owner !== ours).map((owner) => without(owner, written, removed));
  const mine = new Set([...(ours?.fields ?? []), ...written].filter((path) => !removed.has(path)));
  const changed = ours === undefined || !sameSet(ours.fields, mine) || written.size > 0;
  const entry: Ownership = { manager, operation: "Update", time: changed ? time : ours.time, fields: mine };
  return { object, managedFields: write([...others, entry]) };
}

function refuseConflicts(others: readonly Ownership[], written: FieldSet): void {
  const conflicts = others.flatMap((owner) =>
    [...owner.fields].filter((path) => written.has(path)).map((path) => ({ owner, path: readablePath(path) })),
  );
  const [first] = conflicts;
  if (first === undefined) return;
  const causes: StatusCause[] = conflicts.map(({ owner, path }) => ({
    reason: "FieldManagerConflict",
    message: `conflict with ${described(owner)}`,
    field: path,
  }));
  const byManager = Map.groupBy(conflicts, ({ owner }) => described(owner));
  const several = [...byManager]
    .flatMap(([manager, list]) => [`conflicts with ${manager}:`, ...list.map(({ path }) => `- ${path}`)])
    .join("\n");
  const message =
    conflicts.length === 1
      ? `Apply failed with 1 conflict: conflict with ${described(first.owner)}: ${first.path}`
      : `Apply failed with ${conflicts.length} conflicts: ${several}`;
  throw new StatusError(409, "Conflict", message, { causes });
}

function described({ manager, operation }: Ownership): string {
  return operation === "Update" ? `${JSON.stringify(manager)} using v1` : JSON.stringify(manager);
}

function without(owner: Ownership, written: FieldSet, removed: FieldSet): Ownership {
  const fields = new Set([...owner.fields].filter((path) => !written.has(path) && !removed.has(path)));
  return { ...owner, fields };
}

function sameSet(left: FieldSet, right: FieldSet): boolean {
  return left.size === right.size && [...left].every((path) => right.has(path));
}

function read(managed: readonly ManagedFieldsEntry[]): Ownership[] {
  return managed.map(({ manager, operation, time, fieldsV1 }) => ({
    manager,
    operation,
    time,
    fields: fromFieldsV1(fieldsV1),
  }));
}

function write(owners: readonly Ownership[]): ManagedFieldsEntry[] {
  return owners
    .filter((owner) => owner.fields.size > 0)
    .map(({ manager, operation, time, fields }): ManagedFieldsEntry => ({
      manager,
      operation,
      apiVersion: "v1",
      time,
      fieldsType: "FieldsV1",
      fieldsV1: toFieldsV1(fields),
    }))
    .sort((left, right) => order(left) - order(right) || left.time.localeCompare(right.time));
}

const order = (entry: ManagedFieldsEntry) => (entry.operation === "Apply" ? 0 : 1);

function merge(live: JsonObject, configuration: JsonObject): JsonObject {
  const merged = structuredClone(live);
  for (const [name, value] of Object.entries(configuration)) {
    const before = merged[name];
    if (value === null) continue;
    merged[name] = isObject(before) && isObject(value) ? merge(before, value) : structuredClone(value);
  }
  return merged;
}

function withoutEmptyMaps(object: JsonObject): JsonObject {
  const entries = Object.entries(object)
    .map(([name, value]): [string, typeof value] => [name, isObject(value) ? withoutEmptyMaps(value) : value])
    .filter(([, value]) => !isObject(value) || Object.keys(value).length > 0);
  return Object.fromEntries(entries);
}
