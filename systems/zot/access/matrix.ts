import { REPOSITORY_NAME } from "./imageNames.ts";
import type { Settings } from "../../../settings/schema.ts";
import { decidingRules, grants, repositoryRules } from "./policies.ts";
import type { RepositoryRules } from "./policies.ts";
import { renderZotConfig } from "../config/config.ts";
import { NEWEST_KNOWN } from "../version.ts";

/** Who asks: anybody, somebody with a key that zot does not know, or CI with its key. */
export type Subject = "anonymous" | "wrong key" | "ci";

/** What is tried. Each stands for one request, or one small exchange, with the live registry. */
export type Operation =
  | "ping"
  | "pull"
  | "list tags"
  | "begin an upload"
  | "push a new image"
  | "overwrite a tag"
  | "delete a tag"
  | "read metrics"
  | "begin an OIDC sign-in";

/** One row of the expected access: who, what, and the status that has to come back. */
export interface AccessRow {
  readonly subject: Subject;
  readonly operation: Operation;
  /** The repository, or the metrics' path. Default: the repository of the proofs. */
  readonly target?: string;
  readonly expected: number;
}

/** A row with what the live registry answered. */
export interface MeasuredRow extends AccessRow {
  readonly measured: number;
}

/** What every subject has to be answered, from the same settings that the config is rendered from. */
export function expectedAccess(settings: Settings): readonly AccessRow[] {
  const { access, acceptance, registry, zot } = settings;
  // What the releases of zot differ in is not who may do what in a repository.
  const rules = repositoryRules(renderZotConfig(settings, NEWEST_KNOWN, registry));
  const reads = (of: RepositoryRules | undefined): boolean => of?.anonymousPolicy.includes("read") === true;
  const pull = reads(decidingRules(rules, acceptance.repository)) ? 200 : 401;
  return [
    // zot lets everybody ping as soon as anybody may read anything.
    { subject: "anonymous", operation: "ping", expected: rules.some(reads) ? 200 : 401 },
    { subject: "anonymous", operation: "pull", expected: pull },
    { subject: "anonymous", operation: "push a new image", expected: 401 },
    { subject: "anonymous", operation: "overwrite a tag", expected: 401 },
    { subject: "anonymous", operation: "delete a tag", expected: 401 },
    ...(zot.metrics.enable
      ? [
          {
            subject: "anonymous",
            operation: "read metrics",
            target: zot.metrics.path,
            expected: access.anonymousMetrics ? 200 : 401,
          } as const,
        ]
      : []),
    { subject: "anonymous", operation: "begin an OIDC sign-in", expected: 302 },
    { subject: "wrong key", operation: "pull", expected: 401 },
    { subject: "ci", operation: "ping", expected: 200 },
    { subject: "ci", operation: "pull", expected: 200 },
    { subject: "ci", operation: "push a new image", expected: 201 },
    { subject: "ci", operation: "overwrite a tag", expected: 403 },
    { subject: "ci", operation: "delete a tag", expected: 403 },
    ...Object.keys(access.namespaces).flatMap((glob) => refusedIn(glob, rules, access.ciGroup)),
  ];
}

/**
 * What has to be refused in a namespace. Only refusals are tried there: they leave nothing behind, and need no image that is there. The
 * repository that is named need not exist.
 */
function refusedIn(glob: string, rules: readonly RepositoryRules[], ciGroup: string): readonly AccessRow[] {
  const target = glob.replaceAll(/\*+|\?/g, "zot-auth-sample");
  const deciding = decidingRules(rules, target);
  if (!REPOSITORY_NAME.test(target) || deciding?.glob !== glob) return [];
  const may = (action: string): boolean => grants(deciding, { group: ciGroup }, action);
  const anybody = deciding.anonymousPolicy.includes("read");
  return [
    ...(anybody ? [] : [{ subject: "anonymous", operation: "list tags", target, expected: 401 } as const]),
    ...(anybody || may("read") || deciding.defaultPolicy.includes("read")
      ? []
      : [{ subject: "ci", operation: "list tags", target, expected: 403 } as const]),
    ...(may("create") || deciding.defaultPolicy.includes("create")
      ? []
      : [{ subject: "ci", operation: "begin an upload", target, expected: 403 } as const]),
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

/** One line a row that does not hold: `anonymous, pull: expected 200, got 401`. */
export function failures(rows: readonly MeasuredRow[]): readonly string[] {
  return rows
    .filter((row) => row.measured !== row.expected)
    .map(({ subject, operation, target, expected, measured }) => {
      const where = target === undefined ? "" : ` (${target})`;
      return `${subject}, ${operation}${where}: expected ${expected}, got ${measured}`;
    });
}
