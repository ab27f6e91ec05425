import "../prepare.ts";
import { parseArgs } from "node:util";
import { crowded, play, troubled } from "./generated.ts";

// npm run model -- [troubled|crowded] [--cases 20000] [--seed <number> [--path <path>]]: plays any number of stories, or replays
// a failed one. Without a kind, plays both, one after the other.

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { cases: { type: "string", default: "2000" }, seed: { type: "string" }, path: { type: "string" } },
});
const KINDS = { troubled, crowded };

async function main(): Promise<void> {
  for (const [name, stories] of Object.entries(KINDS)) {
    if (positionals.length > 0 && !positionals.includes(name)) continue;
    const seed = values.seed === undefined ? Date.now() % 2 ** 31 : Number(values.seed);
    console.log(`${name}: ${values.cases} stories, seed ${seed}`);
    const started = performance.now();
    let said = 0;
    const { cases, struck } = await play(
      stories,
      { numRuns: Number(values.cases), seed, ...(values.path === undefined ? {} : { path: values.path }) },
      (soFar) => {
        if (performance.now() - started < (said + 1) * 60_000) return;
        said += 1;
        console.log(`  ${soFar} played`);
      },
    );
    const seconds = Math.round((performance.now() - started) / 1000);
    console.log(`${name}: all promises held in ${cases} stories with ${struck} faults (${seconds} s)`);
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  if (error instanceof Error && error.cause instanceof Error) console.error(error.cause.message);
  process.exitCode = 1;
});
