// npm test: lint, types, format and every test, side by side. `npm test -- engine systems/zot tests/engine/leaks/leaks.test.ts` runs only those tests.
import { availableParallelism } from "node:os";
import { checker, runAll, tests } from "./runner/jobs.ts";
import type { Job } from "./runner/jobs.ts";
import { UnknownTestsError, groupsOf } from "./runner/select.ts";
import { lineOf, summaryOf } from "./runner/summary.ts";
import { useTemporaryFolder } from "./runner/temporaryFolder.ts";

/** Longest first: a long one that starts last would run alone on one processor. */
const CHECKERS = [
  // TypeScript's errors, too.
  checker("lint and types", "oxlint"),
  checker("format", "oxfmt", "--check"),
];

/** Half of the tests wait for servers about half of their time. */
const AT_ONCE = Math.min(availableParallelism() * 2, 8);

async function main(names: readonly string[]): Promise<void> {
  const start = performance.now();
  const groups = groupsOf(names).map(tests);
  useTemporaryFolder();
  const jobs: readonly Job[] = names.length > 0 ? groups : [...CHECKERS, ...groups];
  const outcomes = await runAll(jobs, AT_ONCE, (outcome) => console.log(lineOf(outcome)));
  console.log(summaryOf(outcomes, (performance.now() - start) / 1000));
  if (outcomes.some(({ failed }) => failed)) process.exitCode = 1;
}

main(process.argv.slice(2)).catch((error: unknown) => {
  if (!(error instanceof UnknownTestsError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
});
