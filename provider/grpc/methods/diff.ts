import providerpb from "@pulumi/pulumi/proto/provider_pb.js";
import type { DiffResponse } from "@pulumi/pulumi/proto/provider_pb.js";
import type { DiffKind, DiffResult, PropertyDifference, Values } from "../types.ts";
import { equal } from "../values.ts";

/** The top-level inputs that changed. The engine determines what changed inside them. */
export function compareInputs(
  oldInputs: Values,
  inputs: Values,
): Record<string, { readonly kind: "add" | "delete" | "update"; readonly inputDiff: true }> {
  const detailed: ReturnType<typeof compareInputs> = {};
  for (const key of new Set([...Object.keys(oldInputs), ...Object.keys(inputs)])) {
    if (equal(oldInputs[key], inputs[key])) continue;
    const kind = oldInputs[key] === undefined ? "add" : inputs[key] === undefined ? "delete" : "update";
    detailed[key] = { kind, inputDiff: true };
  }
  return detailed;
}

/** A diff of the inputs alone. */
export function diffByInputs(oldInputs: Values, inputs: Values, replaces: "all" | readonly string[] = []): DiffResult {
  const detailed = compareInputs(oldInputs, inputs);
  const changed = Object.keys(detailed);
  return {
    changes: changed.length === 0 ? "none" : "some",
    replaces: replaces === "all" ? changed : changed.filter((key) => replaces.includes(key)),
    detailed,
  };
}

const { Kind } = providerpb.PropertyDiff;
const KINDS = {
  add: Kind.ADD,
  "add-replace": Kind.ADD_REPLACE,
  delete: Kind.DELETE,
  "delete-replace": Kind.DELETE_REPLACE,
  update: Kind.UPDATE,
  "update-replace": Kind.UPDATE_REPLACE,
} as const satisfies Record<DiffKind, unknown>;

/** The engine needs a replacement twice, in `replaces` and as the kind of the property's difference; a handler may state it once. */
export function toDiffResponse(result: DiffResult): DiffResponse {
  const { DiffChanges } = providerpb.DiffResponse;
  const response = new providerpb.DiffResponse();
  response.setChanges(result.changes === "none" ? DiffChanges.DIFF_NONE : DiffChanges.DIFF_SOME);
  response.setDeletebeforereplace(result.deleteBeforeReplace ?? false);
  const replaces = new Set(result.replaces);
  const differences = Object.entries(result.detailed ?? {});
  for (const [path, { kind }] of differences) if (kind.endsWith("-replace")) replaces.add(topLevel(path));
  response.setReplacesList([...replaces]);
  response.setHasdetaileddiff(result.detailed !== undefined);
  response.setDiffsList([...new Set(differences.map(([path]) => topLevel(path)))]);
  for (const [path, difference] of differences) {
    const message = new providerpb.PropertyDiff();
    message.setKind(KINDS[kindOf(difference, replaces.has(topLevel(path)))]);
    message.setInputdiff(difference.inputDiff ?? false);
    response.getDetaileddiffMap().set(path, message);
  }
  return response;
}

function kindOf({ kind }: PropertyDifference, replaces: boolean): DiffKind {
  return !replaces || kind.endsWith("-replace") ? kind : `${kind as "add" | "delete" | "update"}-replace`;
}

/** `data` of `data.key`, `data[0]` and `data["a.b"]`. */
function topLevel(path: string): string {
  return /^[^.[]+/.exec(path)?.[0] ?? path;
}
