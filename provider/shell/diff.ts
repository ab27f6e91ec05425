import type { DiffKind, DiffResult, Values } from "./types.ts";
import { equal } from "./values.ts";

type Detailed = Record<string, { readonly kind: DiffKind; readonly inputDiff: boolean }>;

/** The inputs that changed, as a preview shows them. */
export function compareInputs(oldInputs: Values, inputs: Values): Detailed {
  const detailed: Detailed = {};
  for (const key of new Set([...Object.keys(oldInputs), ...Object.keys(inputs)])) {
    if (equal(oldInputs[key], inputs[key])) continue;
    const kind = oldInputs[key] === undefined ? "add" : inputs[key] === undefined ? "delete" : "update";
    detailed[key] = { kind, inputDiff: true };
  }
  return detailed;
}

/** A diff by inputs alone. */
export function diffByInputs(oldInputs: Values, inputs: Values): DiffResult {
  const detailed = compareInputs(oldInputs, inputs);
  return { changes: Object.keys(detailed).length === 0 ? "none" : "some", detailed };
}
