import type { ErrorCode } from "../../../../core/errorCodes.ts";

/** The three things that only the user's own servers can show. */
export type CheckName = "groups claim" | "key endpoint" | "key groups";

/** The result of a check. Names only: never a token, a key or a cookie. */
export type Verdict =
  | { readonly name: CheckName; readonly outcome: "holds"; readonly text: string }
  | {
      readonly name: CheckName;
      /** `repaired`: it failed at first, and the check's sign-in fixed it. */
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

/** Names as shown in a message: `"a", "b"`, or `none`. */
export function names(list: readonly string[]): string {
  return list.length === 0 ? "none" : list.map((name) => `"${name}"`).join(", ");
}
