// Part of the lab's Argo CD: computes an application's next status from its previous one.
import type { ApplicationStatus, HealthStatusCode, HistoryEntry, OperationState } from "../application.ts";
import { now } from "../application.ts";

/** Maximum number of history entries. */
const HISTORY = 10;

/** The history after a successful sync. A partial sync or a dry run adds no entry. */
export function historyAfter(
  history: readonly HistoryEntry[] | undefined,
  { operation, startedAt, finishedAt }: OperationState,
): readonly HistoryEntry[] {
  const kept = history ?? [];
  const { revision, source, dryRun, resources } = operation.sync;
  if (dryRun === true || resources !== undefined) return kept;
  const entry: HistoryEntry = {
    revision,
    deployedAt: finishedAt ?? now(),
    id: (kept.at(-1)?.id ?? -1) + 1,
    source,
    deployStartedAt: startedAt,
    initiatedBy: operation.initiatedBy,
  };
  return [...kept, entry].slice(-HISTORY);
}

/** The health, with the time of the last change. */
export function healthSince(
  health: ApplicationStatus["health"],
  status: HealthStatusCode,
): ApplicationStatus["health"] {
  return health.status === status ? health : { status, lastTransitionTime: now() };
}

/** Sets the status after a failed comparison: sync unknown, health unchanged, the branch instead of a commit. */
export function failedStatus(
  status: ApplicationStatus,
  message: string,
  targetRevision: string,
  comparedTo: unknown,
): void {
  const [before] = status.conditions ?? [];
  const lastTransitionTime = before?.message === message ? before.lastTransitionTime : now();
  status.conditions = [{ type: "ComparisonError", message, lastTransitionTime }];
  status.sync = { status: "Unknown", comparedTo, revision: targetRevision };
  status.resources = (status.resources ?? [])
    .filter(({ health }) => health === undefined)
    .map((resource) => ({ ...resource, status: "Unknown", requiresPruning: true }));
  status.reconciledAt = now();
  delete status.sourceType;
}
