import { spawn } from "node:child_process";
import { atExit } from "../../toolchain/system/atExit.js";

/** Minutes after which a process has failed, so that what never ends by itself is named. */
const LIMIT = 30;

export interface Ended {
  readonly failed: boolean;
  readonly output: string;
  readonly seconds: number;
}

/**
 * Runs a program to its end. Keeps what it prints, so that programs side by side do not mix.
 *
 * @param variables of its environment, besides this process's
 */
export async function runToEnd(
  command: string,
  args: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const start = performance.now();
  const child = spawn(command, args, {
    env: { ...process.env, ...variables },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: LIMIT * 60_000,
    killSignal: "SIGKILL",
  });
  const forget = atExit(() => void child.kill("SIGKILL"));
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => chunks.push(chunk));
  const failed = await new Promise<boolean>((resolve, reject) => {
    child.once("error", reject);
    // Not "close": a program that it left running may hold the pipes.
    child.once("exit", (code) => resolve(code !== 0));
  }).finally(forget);
  const seconds = (performance.now() - start) / 1000;
  if (seconds > LIMIT * 60) chunks.push(Buffer.from(`\nkilled: still running after ${LIMIT} minutes\n`));
  return { failed, output: Buffer.concat(chunks).toString("utf8"), seconds };
}
