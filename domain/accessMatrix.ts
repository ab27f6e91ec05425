import type { Settings } from "./settings/schema.ts";

/** Who asks: anybody, somebody with a key that zot does not know, or CI with its key. */
export type Subject = "anonymous" | "wrong key" | "ci";

/** What is tried. Each stands for one request, or one small exchange, with the live registry. */
export type Operation =
  "ping" | "pull" | "push a new image" | "overwrite a tag" | "delete a tag" | "read metrics" | "begin an OIDC sign-in";

/** One row of the expected access: who, what, and the status that has to come back. */
export interface AccessRow {
  readonly subject: Subject;
  readonly operation: Operation;
  readonly expected: number;
}

/** A row with what the live registry answered. */
export interface MeasuredRow extends AccessRow {
  readonly measured: number;
}

/** What every subject has to be answered, from the same settings that the config is rendered from. */
export function expectedAccess({ access }: Pick<Settings, "access">): readonly AccessRow[] {
  const anybody = access.anonymousRead ? 200 : 401;
  return [
    { subject: "anonymous", operation: "ping", expected: anybody },
    { subject: "anonymous", operation: "pull", expected: anybody },
    { subject: "anonymous", operation: "push a new image", expected: 401 },
    { subject: "anonymous", operation: "overwrite a tag", expected: 401 },
    { subject: "anonymous", operation: "delete a tag", expected: 401 },
    { subject: "anonymous", operation: "read metrics", expected: access.anonymousMetrics ? 200 : 401 },
    { subject: "anonymous", operation: "begin an OIDC sign-in", expected: 302 },
    { subject: "wrong key", operation: "pull", expected: 401 },
    { subject: "ci", operation: "ping", expected: 200 },
    { subject: "ci", operation: "pull", expected: 200 },
    { subject: "ci", operation: "push a new image", expected: 201 },
    { subject: "ci", operation: "overwrite a tag", expected: 403 },
    { subject: "ci", operation: "delete a tag", expected: 403 },
  ];
}

/** The rows of a key's proof: CI may create, may not overwrite, may not delete. */
export function keyProof(): readonly AccessRow[] {
  return [
    { subject: "ci", operation: "push a new image", expected: 201 },
    { subject: "ci", operation: "overwrite a tag", expected: 403 },
    { subject: "ci", operation: "delete a tag", expected: 403 },
  ];
}

/** One line a row that does not hold: `anonymous may pull: expected 200, got 401`. */
export function failures(rows: readonly MeasuredRow[]): readonly string[] {
  return rows
    .filter((row) => row.measured !== row.expected)
    .map((row) => `${row.subject}, ${row.operation}: expected ${row.expected}, got ${row.measured}`);
}
