import type { RunEvents } from "../../report/sources/events.ts";
import { accessProofsIn } from "../../report/sources/proofs.ts";
import { passed, titleOf } from "../../report/report.ts";

/** How a difference begins that is a change and not something that a refresh found. */
const OPERATION = /^(?:create|import|update|replace|delete)\b/;

export interface DifferenceOptions {
  /** What `pulumi stack export` prints. */
  readonly state: unknown;
  /** The command that repairs what differs, and tries again what failed. */
  readonly repair: string;
}

export interface Difference {
  /** What to say of it. */
  readonly says: string;
  /** Whether only proofs failed, which can be tried again. */
  readonly isUnproved: boolean;
}

/**
 * What a preview with differences means. Two of them are not such that `up` repairs them, which only looks again: a service that does not work,
 * and a proof that failed.
 */
export function differenceIn(events: RunEvents | undefined, options: DifferenceOptions): Difference {
  const { state, repair } = options;
  const differing = [...(events?.steps ?? [])].filter(([, step]) => step.state === "differs");
  const broken = differing.flatMap(([urn, { difference = "update" }]) =>
    isServices(urn) && !OPERATION.test(difference) ? [difference] : [],
  );
  const failures = failuresIn(state);
  const unproved = differing.flatMap(([urn, { difference = "update" }]) => {
    const rows = failures.get(urn);
    return rows !== undefined && OPERATION.test(difference) ? [rows] : [];
  });
  const remaining = [
    ...(broken.length === 0 ? [] : [`a service does not work: ${broken.join(" ")}`]),
    ...(unproved.length === 0
      ? []
      : [`access was not as declared when it was tried: ${unproved.join(" ")} ${repair} tries it again.`]),
  ];
  const what = remaining.join(" Besides, ");
  const isUnproved = unproved.length > 0 && unproved.length === differing.length;
  if (remaining.length > 0 && broken.length + unproved.length === differing.length) return { says: what, isUnproved };
  const rest = what === "" ? "" : ` It does not repair this: ${what}`;
  return { says: `not everything is as declared, see above. ${repair} repairs it.${rest}`, isUnproved };
}

function isServices(urn: string): boolean {
  return /[:$]zot-auth:acceptance:Services::/.test(urn);
}

/** The rows that failed, of each proof in which some did. */
function failuresIn(state: unknown): ReadonlyMap<string, string> {
  return new Map(
    accessProofsIn(state).flatMap(({ urn, rows }) => {
      const failed = rows.filter((row) => !passed(row));
      const lines = failed.map((row) =>
        `${titleOf(row)}: expected ${row.expected}, got ${row.measured}. ${row.lookAt ?? ""}`.trim(),
      );
      return failed.length === 0 ? [] : [[urn, lines.join(" ")] as const];
    }),
  );
}
