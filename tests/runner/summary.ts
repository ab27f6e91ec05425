import type { Outcome } from "./jobs.ts";
import type { Result } from "./reporter.ts";

const count = (results: readonly Result[], outcome: Result["outcome"]): number =>
  results.filter((result) => result.kind === "test" && result.outcome === outcome).length;

const all = (outcomes: readonly Outcome[]): readonly Result[] => outcomes.flatMap(({ results }) => results);

/** A process that failed although none of its tests did, and a checker, count as one failure. */
function failures({ failed, results }: Outcome): number {
  return failed ? Math.max(1, count(results, "failed")) : 0;
}

/** What to show of an outcome: one line, the reasons of skipped tests, and for a failure all that was printed. */
export function lineOf(outcome: Outcome): string {
  const { name, failed, seconds, output, results } = outcome;
  const passed = count(results, "passed");
  const lines = [`${failed ? "✗" : "✓"} ${name} (${seconds.toFixed(1)} s${passed > 0 ? `, ${passed} passed` : ""})`];
  for (const { outcome: how, name: skipped, reason } of results)
    if (how === "skipped") lines.push(`  skipped: ${skipped}${reason === undefined ? "" : ` (${reason})`}`);
  if (failed) lines.push(output);
  return lines.join("\n");
}

/** What runs side by side takes longer than alone, so the CPU time says more. */
function slow({ name, seconds, cpuSeconds }: Outcome): string {
  const cpu = cpuSeconds === undefined ? "" : ` (${cpuSeconds.toFixed(1)} s of CPU)`;
  return `${seconds.toFixed(1).padStart(7)} s  ${name}${cpu}`;
}

/** The end of the output: where the time went, what failed, and the sums. */
export function summaryOf(outcomes: readonly Outcome[], seconds: number): string {
  const slowest = outcomes.toSorted((left, right) => right.seconds - left.seconds).slice(0, 10);
  const cpu = outcomes.reduce((total, { cpuSeconds = 0 }) => total + cpuSeconds, 0);
  const failed = outcomes.filter((outcome) => outcome.failed);
  const sum = outcomes.reduce((total, outcome) => total + failures(outcome), 0);
  const results = all(outcomes);
  return [
    "",
    `The slowest ${slowest.length} of ${outcomes.length}, which took ${seconds.toFixed(0)} s together, and ${cpu.toFixed(0)} s of CPU time:`,
    ...slowest.map(slow),
    "",
    failed.length === 0 ? "All checks passed." : `Failed: ${failed.map(({ name }) => name).join(", ")}`,
    `${count(results, "passed")} passed, ${sum} failed, ${count(results, "skipped")} skipped`,
  ].join("\n");
}
