import type { Verdict } from "../../../../systems/zot/signIn/diagnosis/verdict.ts";

/** The verdict's code and text; an empty code where nothing is to say. */
export function coded(verdict: Verdict): readonly [string, string] {
  return [verdict.outcome === "holds" ? "" : `${verdict.outcome} ${verdict.code}`, verdict.text];
}
