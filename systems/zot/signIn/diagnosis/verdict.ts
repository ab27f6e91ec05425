import type { ErrorCode } from "../../../../core/errorCodes.ts";

/** The three things that nobody can know before the user's own servers have been asked. */
export type CheckName = "groups claim" | "key endpoint" | "key groups";

/** What a check came to. Names only: never a token, a key or a cookie. */
export type Verdict =
  | { readonly name: CheckName; readonly outcome: "holds"; readonly text: string }
  | {
      readonly name: CheckName;
      /** `repaired`: it did not hold, and does since the check looked. */
      readonly outcome: "repaired" | "fails";
      /** Stable: `GROUPS_CLAIM_MISSING`. */
      readonly code: ErrorCode;
      readonly text: string;
    };

export type FailedVerdict = Extract<Verdict, { readonly code: ErrorCode }> & { readonly outcome: "fails" };

export function isFailed(verdict: Verdict): verdict is FailedVerdict {
  return verdict.outcome === "fails";
}

export function holds(name: CheckName, text: string): Verdict {
  return { name, outcome: "holds", text };
}

export function fails(name: CheckName, code: ErrorCode, text: string): Verdict {
  return { name, outcome: "fails", code, text };
}

/** Names as they stand in a message: `"a", "b"`, or `none`. */
export function names(list: readonly string[]): string {
  return list.length === 0 ? "none" : list.map((name) => `"${name}"`).join(", ");
}
