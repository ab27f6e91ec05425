// The result of a suite: cases by category and outcome, and the reason for each failure.
import type { Case, Request } from "./junit.ts";
import type { Category, Suite } from "./suites.ts";
import { categories } from "./suites.ts";

export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export interface Result {
  readonly categories: Readonly<Record<Category, Tally>>;
  /** Number of failed cases by reason. */
  readonly reasons: Readonly<Record<string, number>>;
  /** Names of the failed cases; empty if there are more than `fewFailures`. */
  readonly failed: readonly string[];
}

const fewFailures = 30;

/** Results by program, suite and account. */
export type Measured = Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, Result>>>>>>;

/** The reason for a failure that neither the policy nor known behaviour of zot explains. It fails the run. */
export const unexplained = "not explained";

export function resultOf(suite: Suite, all: readonly Case[]): Result {
  const cases = all.filter(({ name }) => suite.categoryOf(name) !== undefined);
  const tally = (category: Category): Tally => {
    const own = cases.filter(({ name }) => suite.categoryOf(name) === category);
    const count = (ending: Case["ending"]): number => own.filter((one) => one.ending === ending).length;
    return { passed: count("passed"), failed: count("failed"), skipped: count("skipped") };
  };
  const failed = cases.filter(({ ending }) => ending === "failed");
  const refusedTags = new Set(failed.flatMap(({ requests }) => requests.filter(isRefusedTag).map(({ path }) => path)));
  const reasons: Record<string, number> = {};
  for (const one of failed) {
    const reason = reasonOf(suite, one, refusedTags);
    reasons[reason] = (reasons[reason] ?? 0) + 1;
  }
  const sorted = Object.entries(reasons).sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    categories: {
      Pull: tally("Pull"),
      Push: tally("Push"),
      "Content Discovery": tally("Content Discovery"),
      "Content Management": tally("Content Management"),
    },
    reasons: Object.fromEntries(sorted),
    failed:
      failed.length > fewFailures
        ? []
        : failed.map(({ name }) => name.replace("[It] OCI Distribution Conformance Tests ", "")),
  };
}

function reasonOf(suite: Suite, { name, requests, output }: Case, refusedTags: ReadonlySet<string>): string {
  const refused = requests.find(({ status }) => status === 403);
  if (refused !== undefined) return `403 for ${refused.method} of ${kindOf(refused)}`;
  if (requests.some(({ path }) => refusedTags.has(path))) return "reads a tag after a denied overwrite";
  if (isFoundAgain(requests)) return "HEAD finds the deleted blob in another repository";
  // The older suite does not record its requests, only actual and expected values.
  if (requests.length === 0 && output.includes("<int>: 403")) return "403";
  if (suite.isConsequence(name)) return "depends on an earlier denied request";
  return unexplained;
}

function isRefusedTag(request: Request): boolean {
  return request.status === 403 && request.method === "PUT" && kindOf(request) === "an existing tag";
}

/** On HEAD, zot looks for a blob in all repositories. */
function isFoundAgain(requests: readonly Request[]): boolean {
  const [first, second] = requests.slice(-2);
  return first?.method === "DELETE" && first.status === 202 && second?.method === "HEAD" && second.status === 200;
}

function kindOf({ method, path }: Request): string {
  if (/\/blobs\/uploads\//.test(path)) return "an upload";
  if (/\/blobs\//.test(path)) return "a blob";
  if (/\/manifests\/sha\d+:/.test(path)) return "a manifest by digest";
  return method === "PUT" ? "an existing tag" : "a tag";
}

/** `74 / 0 / 5` */
export function shownTally({ passed, failed, skipped }: Tally): string {
  return `${passed} / ${failed} / ${skipped}`;
}

export function totalOf(result: Result): Tally {
  const sum = (field: keyof Tally): number =>
    categories.reduce((total, category) => total + result.categories[category][field], 0);
  return { passed: sum("passed"), failed: sum("failed"), skipped: sum("skipped") };
}
