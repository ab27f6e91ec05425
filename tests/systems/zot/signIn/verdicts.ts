import type { Verdict } from "../../../../systems/zot/signIn/diagnosis/verdict.ts";

/** The verdict's code and text; an empty code if there is nothing to report. */
export function coded(verdict: Verdict): readonly [string, string] {
  return [verdict.outcome === "holds" ? "" : `${verdict.outcome} ${verdict.code}`, verdict.text];
}
