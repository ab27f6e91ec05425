import { once } from "node:events";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import type { Played } from "./moments.ts";
import type { Job } from "./momentsThread.ts";
import { PAIRS } from "../table/pairs.ts";
import { AGAIN } from "./twice.ts";

// npm run moments -- [--twice [--sample <n>]] [words of pairs]: plays every pair of tests/model/walk/table/pairs.ts, in both directions, killed at every moment, with
// every ending. With --twice, the user edits again after the first kill, and that run is killed, too: at n moments of each (default: 8), since there are so many.

/** Failures of one change usually have one reason. */
const SHOWN = 3;

const { values, positionals: words } = parseArgs({
  options: { twice: { type: "boolean" }, sample: { type: "string", default: "8" } },
  allowPositionals: true,
});
const sample = Number(values.sample);
const kinds =
  values.twice === true ? AGAIN.map((again) => ({ twice: { first: sample, second: sample, again } })) : [{}];
const jobs: Job[] = Object.keys(PAIRS)
  .filter((pair) => words.every((word) => pair.includes(word)))
  .flatMap((pair) => [false, true].flatMap((back) => kinds.map((kind): Job => ({ pair, back, ...kind }))));

const total = { moments: 0, unlike: 0, endings: 0, failures: 0 };

async function work(): Promise<void> {
  for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) {
    // Each in a thread of its own: a homelab gets slower as its history grows.
    const thread = new Worker(new URL("./momentsThread.ts", import.meta.url));
    const started = performance.now();
    thread.postMessage(job);
    const [{ moments, unlike, endings, failures }] = (await once(thread, "message")) as [Played];
    await thread.terminate();
    const seconds = Math.round((performance.now() - started) / 1000);
    console.log(
      `${job.pair}${job.back ? ", and back" : ""}${job.twice === undefined ? "" : `, then ${job.twice.again}`}: ${moments} moments, ${unlike} unlike each other, ${endings} endings, ${failures.length} failures (${seconds} s)`,
    );
    for (const failure of failures.slice(0, SHOWN)) console.log(`  ${failure.replaceAll("\n", "\n    ")}`);
    total.moments += moments;
    total.unlike += unlike;
    total.endings += endings;
    total.failures += failures.length;
  }
}

async function main(): Promise<void> {
  const started = performance.now();
  const changes = jobs.length;
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), jobs.length) }, work));
  const minutes = Math.round((performance.now() - started) / 60_000);
  const { moments, unlike, endings, failures } = total;
  console.log(
    `${changes} changes, ${moments} moments, ${unlike} unlike each other, ${endings} endings, ${failures} failures (${minutes} min)`,
  );
  if (failures > 0) process.exitCode = 1;
}

await main();
