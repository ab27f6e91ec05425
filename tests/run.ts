// npm test: types, lint, format, then every test. `npm test -- unit engine` runs only those folders' tests.
import { spawn } from "node:child_process";
import { globSync } from "node:fs";

interface Outcome {
  readonly name: string;
  readonly failed: boolean;
  readonly seconds: number;
}

/** Runs a command; shows its output at its end, so that commands side by side do not mix. */
async function run(name: string, command: string, args: readonly string[], live = false): Promise<Outcome> {
  const start = Date.now();
  const child = spawn(command, args, { stdio: ["ignore", live ? "inherit" : "pipe", live ? "inherit" : "pipe"] });
  const output: Buffer[] = [];
  child.stdout?.on("data", (chunk: Buffer) => output.push(chunk));
  child.stderr?.on("data", (chunk: Buffer) => output.push(chunk));
  const failed = await new Promise<boolean>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve(code !== 0));
  });
  const seconds = (Date.now() - start) / 1000;
  console.log(`${failed ? "✗" : "✓"} ${name} (${seconds.toFixed(1)} s)`);
  if (failed) process.stdout.write(Buffer.concat(output));
  return { name, failed, seconds };
}

const wanted = process.argv.slice(2);
const outcomes: Outcome[] = [];
if (wanted.length === 0) {
  outcomes.push(
    ...(await Promise.all([
      run("types", "tsc", ["-p", "."]),
      run("format", "prettier", ["--check", "--log-level", "warn", "."]),
    ])),
    await run("lint", "eslint", ["--max-warnings", "0", "."]),
  );
}
const folders = wanted.length === 0 ? ["**"] : wanted.map((folder) => `${folder}/**`);
const files = folders.flatMap((folder) => globSync(`tests/${folder}/*.test.ts`)).sort();
if (files.length === 0) throw new Error(`There is no test in ${folders.join(", ")}.`);
outcomes.push(await run("tests", process.execPath, ["--test", "--test-concurrency=2", ...files], true));
const failed = outcomes.filter((outcome) => outcome.failed);
console.log(failed.length === 0 ? "\nAll is well." : `\nFailed: ${failed.map(({ name }) => name).join(", ")}.`);
process.exitCode = failed.length === 0 ? 0 : 1;
