// Stories play in a process of their own: node:test tracks every promise of its own process, which costs the model about a quarter of its time.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { promisify } from "node:util";

/** The same stories each time. */
const SEED = 7;
const CASES = 100;

/**
 * Plays stories as `npm run model` does.
 *
 * @param share of the stories whose fault must have struck, so that the faults are known to come
 */
export async function storiesPass(t: TestContext, kind: "troubled" | "crowded", share: number): Promise<void> {
  const program = join(import.meta.dirname, "run.ts");
  const args = [program, kind, "--cases", String(CASES), "--seed", String(SEED)];
  // Fails with all that was printed: the story, as short as it can be, and the seed and path that play it again.
  const { stdout } = await promisify(execFile)(process.execPath, args, { signal: t.signal, maxBuffer: 2 ** 26 });
  const [, cases, struck] = /all promises held in (\d+) stories with (\d+) faults/.exec(stdout) ?? [];
  t.diagnostic(`${cases ?? "no"} stories, ${struck ?? "no"} faults`);
  assert.equal(Number(cases), CASES, stdout);
  assert.ok(Number(struck) > CASES * share, "most of the faults came");
}
