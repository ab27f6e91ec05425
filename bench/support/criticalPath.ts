import type { StepTimes } from "./eventStream.ts";

export type Span = readonly [begun: number, ended: number];

/**
 * The steps without which the run would have ended earlier: the last one, then of all that it waited for the one that ended last, and so on.
 *
 * @param dependsOn what a step waits for
 * @returns in order of time
 */
export function criticalPath(
  steps: ReadonlyMap<string, StepTimes>,
  dependsOn: (urn: string) => readonly string[],
): readonly string[] {
  const path: string[] = [];
  let next = lastOf([...steps.keys()], steps);
  while (next !== undefined && !path.includes(next)) {
    path.unshift(next);
    next = lastOf(dependsOn(next), steps);
  }
  return path;
}

function lastOf(urns: readonly string[], steps: ReadonlyMap<string, StepTimes>): string | undefined {
  const known = urns.flatMap((urn) => {
    const step = steps.get(urn);
    return step === undefined ? [] : [{ urn, ended: step.ended }];
  });
  return known.toSorted((left, right) => right.ended - left.ended)[0]?.urn;
}

/** Spans without overlaps, in order. */
export function union(spans: readonly Span[]): readonly Span[] {
  const merged: [number, number][] = [];
  for (const [begun, ended] of spans.toSorted(([left], [right]) => left - right)) {
    const last = merged.at(-1);
    if (last !== undefined && begun <= last[1]) last[1] = Math.max(last[1], ended);
    else merged.push([begun, ended]);
  }
  return merged;
}

/** What of the spans is in that one. */
export function within(spans: readonly Span[], [from, to]: Span): readonly Span[] {
  return spans
    .map(([begun, ended]) => [Math.max(begun, from), Math.min(ended, to)] as const)
    .filter(([begun, ended]) => begun < ended);
}

export const lengthOf = (spans: readonly Span[]): number =>
  spans.reduce((sum, [begun, ended]) => sum + ended - begun, 0);
