import { REPOSITORY_NAME } from "./imageNames.ts";
import { decidingRules, grants } from "./policies.ts";
import type { RepositoryRules } from "./policies.ts";
import { allRepositories } from "./rules.ts";
import { samplesOf } from "./globs/samples.ts";
import type { AccessRules } from "./rules.ts";
import { atLeast } from "../version.ts";
import type { ZotVersion } from "../version.ts";

/** Who makes the request: anyone, anyone with docker, a client with a key that zot does not know, or CI with its key. */
export type Subject = "anonymous" | "anonymous docker" | "wrong key" | "ci";

/** The tested operations. Each is one request, or one short exchange, with the live registry. */
export type Operation =
  | "ping"
  | "pull"
  | "list tags"
  | "begin an upload"
  | "push a new image"
  | "overwrite a tag"
  | "delete a tag"
  | "overwrite or delete an image"
  | "read metrics"
  | "begin an OIDC sign-in";

/** One row of the expected access: who, what, and the expected status. */
export interface AccessRow {
  readonly subject: Subject;
  readonly operation: Operation;
  /** The repository, the image prefix or the path of the metrics. Default: the repository of the tests. */
  readonly target?: string;
  readonly expected: number;
}

/** A row with the status that the live registry returned. */
export interface MeasuredRow extends AccessRow {
  readonly measured: number;
  /** What to look at next, in one sentence; absent if the row passed. */
  readonly lookAt?: string;
}

/** From this release on, an anonymous docker gets 401 where anonymous and other policies meet: otherwise, docker would never send its credentials. */
const FIRST_REFUSING_DOCKER = "2.1.16";

/** What the expected access is derived from. */
export interface ExpectedAccessArgs {
  readonly rules: AccessRules;
  /** The image repository that the tests use. */
  readonly repository: string;
  /** CI's group. */
  readonly group: string;
  /** Below them are CI's images. */
  readonly prefixes: readonly string[];
  /** Whether to expect what does not depend on the account, too. Default: yes. */
  readonly anyone?: boolean;
  /** The zot that runs. */
  readonly version: ZotVersion;
  /** Path of the metrics: `/metrics`. `undefined` if zot serves none. */
  readonly metricsPath: string | undefined;
}

/** The status that each subject must get for each operation, from the rules that zot's config is rendered from. */
export function expectedAccess({
  rules,
  repository,
  group,
  prefixes,
  version,
  metricsPath,
  anyone = true,
}: ExpectedAccessArgs): readonly AccessRow[] {
  const repositories = allRepositories(rules);
  const reads = (of: RepositoryRules | undefined): boolean => of?.anonymousPolicy.includes("read") === true;
  const pull = reads(decidingRules(repositories, repository)) ? 200 : 401;
  // zot allows everyone to ping if anonymous users may do anything, so that curl, containerd, podman and skopeo pull without credentials.
  const ping = repositories.some(({ anonymousPolicy }) => anonymousPolicy.length > 0) ? 200 : 401;
  const ofAnyone: readonly AccessRow[] = [
    { subject: "anonymous", operation: "ping", expected: ping },
    // docker stops at a 401. The rules always have policies for groups too, which make newer releases answer so.
    { subject: "anonymous docker", operation: "ping", expected: atLeast(version, FIRST_REFUSING_DOCKER) ? 401 : ping },
    { subject: "anonymous", operation: "pull", expected: pull },
    { subject: "anonymous", operation: "push a new image", expected: 401 },
    { subject: "anonymous", operation: "overwrite a tag", expected: 401 },
    { subject: "anonymous", operation: "delete a tag", expected: 401 },
    ...(metricsPath === undefined
      ? []
      : [
          {
            subject: "anonymous",
            operation: "read metrics",
            target: metricsPath,
            expected: rules.anonymousMetrics ? 200 : 401,
          } as const,
        ]),
    { subject: "anonymous", operation: "begin an OIDC sign-in", expected: 302 },
  ];
  const [, ...furtherPrefixes] = prefixes;
  return [
    ...(anyone ? ofAnyone : []),
    { subject: "wrong key", operation: "pull", expected: 401 },
    { subject: "ci", operation: "ping", expected: 200 },
    { subject: "ci", operation: "pull", expected: 200 },
    ...keyProof(),
    // The repository of the tests is below the first one.
    ...furtherPrefixes.map((prefix): AccessRow => ({
      subject: "ci",
      operation: "begin an upload",
      target: `${prefix}/zot-auth-sample`,
      expected: 202,
    })),
    ...prefixes.map((target): AccessRow => ({
      subject: "ci",
      operation: "overwrite or delete an image",
      target,
      expected: 403,
    })),
    ...rules.repositories
      .flatMap(({ glob }) => refusedIn(glob, repositories, group, repository))
      .filter(({ subject }) => anyone || subject === "ci"),
  ];
}

/** What must be denied in a namespace. Only denials are tested: they leave nothing behind, and the repository need not exist. */
function refusedIn(
  glob: string,
  repositories: readonly RepositoryRules[],
  group: string,
  ofTests: string,
): readonly AccessRow[] {
  const target = samplesOf(glob, "zot-auth-sample").find(
    (name) => REPOSITORY_NAME.test(name) && decidingRules(repositories, name)?.glob === glob,
  );
  if (target === undefined) return [];
  const deciding = decidingRules(repositories, target);
  if (deciding === undefined) return [];
  const may = (action: string): boolean => grants(deciding, { group }, action);
  const anyone = deciding.anonymousPolicy.includes("read");
  // The rows of the tests' own repository show what anonymous clients may do here.
  const isOfTests = decidingRules(repositories, ofTests)?.glob === glob;
  return [
    // For all repositories, the rows of the tests' own repository show it.
    ...(anyone || glob === "**"
      ? []
      : [{ subject: "anonymous", operation: "list tags", target, expected: 401 } as const]),
    // The rows of the tests' own repository are below CI's prefix only.
    ...(isOfTests || deciding.anonymousPolicy.includes("create")
      ? []
      : [{ subject: "anonymous", operation: "begin an upload", target, expected: 401 } as const]),
    ...(anyone || may("read") || deciding.defaultPolicy.includes("read")
      ? []
      : [{ subject: "ci", operation: "list tags", target, expected: 403 } as const]),
    ...(may("create") || deciding.defaultPolicy.includes("create")
      ? []
      : [{ subject: "ci", operation: "begin an upload", target, expected: 403 } as const]),
  ];
}

/** The rows that prove a key: CI may create, but not overwrite or delete. */
export function keyProof(): readonly AccessRow[] {
  return [
    { subject: "ci", operation: "push a new image", expected: 201 },
    { subject: "ci", operation: "overwrite a tag", expected: 403 },
    { subject: "ci", operation: "delete a tag", expected: 403 },
  ];
}

/** Who pulls without credentials, if that differs between clients. */
export function clientDifferences(rows: readonly MeasuredRow[]): string | undefined {
  const pings = rows.filter(({ operation }) => operation === "ping");
  const of = (subject: Subject) => pings.find((row) => row.subject === subject)?.measured;
  if (of("anonymous") !== 200 || of("anonymous docker") !== 401) return undefined;
  return "Without credentials, curl, containerd, podman and skopeo can pull. docker cannot, because zot answers its first request with 401: run `docker login` with an API key first (docs/background/zot.md).";
}

/** Whether the registry answered as expected. */
export function passed({ expected, measured }: MeasuredRow): boolean {
  return measured === expected;
}

/** One line for each row that differs: `anonymous, pull: expected 200, got 401. Look at …` */
export function failures(rows: readonly MeasuredRow[]): readonly string[] {
  return rows
    .filter((row) => !passed(row))
    .map((row) => {
      const { subject, operation, target, expected, measured } = row;
      const where = target === undefined ? "" : ` (${target})`;
      return `${subject}, ${operation}${where}: expected ${expected}, got ${measured}. ${lookAt(row)}`;
    });
}

const RULES = "http.accessControl in zot's config on its host";

/** Where the reason of an unexpected answer is, as far as the answer shows. */
export function lookAt({ subject, operation, expected, measured }: Omit<MeasuredRow, "lookAt">): string {
  if (measured >= 500) return "See zot's log, and that of a proxy in front of it.";
  if (subject === "ci" && measured === 401)
    return "zot rejects the key: `npm run check` says whether it has expired or was revoked.";
  if (operation === "begin an OIDC sign-in")
    return "Look at http.auth.openid in zot's config on its host, and at http.externalUrl.";
  if (operation === "read metrics")
    return `Look at extensions.metrics in zot's config on its host, and at metrics in ${RULES}.`;
  if (measured === 404 && operation === "pull")
    return "The tag of the proofs is missing: look at zot's retention, and at who may delete.";
  // What is tried there can do nothing even if it is permitted: then it is no manifest, or does not exist.
  const isPermitted = operation === "overwrite or delete an image" && (measured === 400 || measured === 404);
  if (measured < 400 || isPermitted)
    return `More is allowed than declared: look for a policy that nobody declared in ${RULES}, and whether a proxy signs in for others.`;
  if (expected < 400)
    return `Less is allowed than declared: look at ${RULES}, and whether a proxy in front of zot asks for a sign-in of its own.`;
  return `It is refused in another way than zot does: look at the proxy in front of zot, and at http.auth in its config.`;
}
