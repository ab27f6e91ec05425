import { ZotAuthError } from "./errors.ts";

/** One row of a proof: what was expected, what came, and what to look at next. Never a secret. */
export interface ProofRow {
  /** What was proved: `Authentik's worker`. */
  readonly name: string;
  readonly expected: string;
  readonly measured: string;
  /** `skipped`: it could not be tried; `measured` says why. */
  readonly outcome: "passed" | "failed" | "skipped";
  /** One sentence; empty if the row passed. */
  readonly lookAt: string;
}

/** `Forgejo: expected 200, got 503. See its log.` */
export function describeRow({ name, expected, measured, outcome, lookAt }: ProofRow): string {
  const found = outcome === "skipped" ? `not checked: ${measured}` : `expected ${expected}, got ${measured}`;
  return `${name}: ${found}. ${lookAt}`.trim();
}

/** `6 passed, 1 failed, 1 skipped`. */
export function countRows(rows: readonly ProofRow[]): string {
  const counts = (["passed", "failed", "skipped"] as const).map(
    (outcome) => [outcome, rows.filter((row) => row.outcome === outcome).length] as const,
  );
  return counts
    .filter(([outcome, count]) => count > 0 || outcome === "passed")
    .map(([outcome, count]) => `${count} ${outcome}`)
    .join(", ");
}

/** Proves, and says in the error what became of the rest: proofs come after the changes, which stay. */
export async function proving<T>(prove: () => Promise<T>): Promise<T> {
  try {
    return await prove();
  } catch (error) {
    if (!(error instanceof ZotAuthError) || /rolled back/.test(error.message)) throw error;
    throw new ZotAuthError(error.code, `${error.message} Nothing was rolled back.`, error.cause);
  }
}
