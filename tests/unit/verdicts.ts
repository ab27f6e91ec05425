import type { Verdict } from "../../domain/signIn/verdict.ts";

/** The verdict's code and text; an empty code where nothing is to say. */
export function coded(verdict: Verdict): readonly [string, string] {
  return [verdict.outcome === "holds" ? "" : `${verdict.outcome} ${verdict.code}`, verdict.text];
}
