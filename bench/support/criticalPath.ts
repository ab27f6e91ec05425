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

/** Where the time of a run goes, in milliseconds. The parts add up to the run. */
export interface Shares {
  /** Until the first step of the critical path begins. */
  readonly before: number;
  /** Of that, in which the host was at work. */
  readonly hostBefore: number;
  /** On the critical path, a server was answering or the host at work. */
  readonly answering: number;
  /** A server had been asked for something and did not have it yet, between the requests that asked for it. */
  readonly notYet: number;
  /** It may have had it, and was not asked. */
  readonly unseen: number;
  /** All else of the path's steps: our own work, and the engine's. */
  readonly own: number;
  /** Between one step of the path and the next. */
  readonly between: number;
  /** From the end of the last step. */
  readonly after: number;
}

/** @param spans each in milliseconds, in any order; `path` in order, and not empty */
export function sharesOf(
  run: Span,
  spans: Readonly<Record<"path" | "host" | "answering" | "notYet" | "unseen", readonly Span[]>>,
): Shares {
  const path = union(spans.path);
  const first = path[0]?.[0] ?? run[1];
  const last = path.at(-1)?.[1] ?? run[1];
  const onPath = (of: readonly Span[]): number =>
    path.reduce((sum, step) => sum + lengthOf(within(union(of), step)), 0);
  const answering = onPath(spans.answering);
  const known = onPath([...spans.answering, ...spans.notYet]);
  const all = onPath([...spans.answering, ...spans.notYet, ...spans.unseen]);
  return {
    before: first - run[0],
    hostBefore: lengthOf(within(union(spans.host), [run[0], first])),
    answering,
    notYet: known - answering,
    unseen: all - known,
    own: lengthOf(path) - all,
    between: last - first - lengthOf(path),
    after: run[1] - last,
  };
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
