import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runToEnd } from "./process.ts";
import type { Result, Total } from "./reporter.ts";
import type { Group } from "./select.ts";

/** Something to run, and what came of it. */
export interface Outcome {
  readonly name: string;
  readonly failed: boolean;
  readonly seconds: number;
  /** Everything that it printed. */
  readonly output: string;
  readonly results: readonly Result[];
  /** CPU time of a group's process and of what it started, unless it ended too early. */
  readonly cpuSeconds?: number;
}

export interface Job {
  readonly name: string;
  run(): Promise<Outcome>;
}

/** For a checker in Go: it ends before it needs the memory, and otherwise spends a quarter of its CPU time on collecting garbage. */
const LESS_GARBAGE_COLLECTION = { GOGC: "off", GOMEMLIMIT: "2GiB" };

/** A checker: types, format or lint. */
export function checker(name: string, command: string, ...args: readonly string[]): Job {
  return {
    name,
    run: async () => ({ name, results: [], ...(await runToEnd(command, args, LESS_GARBAGE_COLLECTION)) }),
  };
}

/** A group's tests. */
export function tests({ name, files }: Group): Job {
  return {
    name,
    run: async () => {
      const folder = mkdtempSync(join(tmpdir(), "zot-auth-results-"));
      try {
        const results = join(folder, "results");
        const paths = files.map((file) => join("tests", file));
        const [only, ...more] = paths;
        const ended = await runToEnd(process.execPath, [
          `--import=${join(import.meta.dirname, "untracked.ts")}`,
          "--test-reporter=spec",
          "--test-reporter-destination=stdout",
          `--test-reporter=${join(import.meta.dirname, "reporter.ts")}`,
          `--test-reporter-destination=${results}`,
          ...(only !== undefined && more.length === 0
            ? [only]
            : [join(import.meta.dirname, "oneProcess.ts"), ...paths]),
        ]);
        return { name, ...resultsIn(results), ...ended };
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
  };
}

/** None of a process that ended before its first test: it could not load its file, for example. */
function resultsIn(file: string): Pick<Outcome, "results" | "cpuSeconds"> {
  if (!existsSync(file)) return { results: [] };
  const lines = readFileSync(file, "utf8").split("\n");
  const all = lines.filter((line) => line !== "").map((line) => JSON.parse(line) as Result | Total);
  const results = all.filter((line): line is Result => "outcome" in line);
  return { results, ...all.find((line): line is Total => "cpuSeconds" in line) };
}

/** Runs the jobs in their order, that many side by side, and shows each when it has ended. */
export async function runAll(
  jobs: readonly Job[],
  atOnce: number,
  show: (outcome: Outcome) => void,
): Promise<readonly Outcome[]> {
  const waiting = [...jobs];
  const outcomes: Outcome[] = [];
  const work = async (): Promise<void> => {
    for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) {
      const outcome = await job.run();
      outcomes.push(outcome);
      show(outcome);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return outcomes;
}
