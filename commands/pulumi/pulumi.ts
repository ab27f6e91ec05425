import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const TOOLCHAIN = fileURLToPath(new URL("../../toolchain/main.js", import.meta.url));

/** The CLI's specific exit codes, the same in every version that the toolchain accepts. */
export const PULUMI_EXIT = { stackNotFound: 6, changes: 7 } as const;

export interface Ended {
  readonly code: number;
  /** The captured output; otherwise empty. */
  readonly kept: string;
}

/**
 * Runs the CLI through the toolchain, with this process's input, outputs and signals. `keep` captures one of the outputs instead of showing
 * it.
 */
export async function pulumi(
  args: readonly string[],
  keep?: "stdout" | "stderr",
  env: NodeJS.ProcessEnv = {},
): Promise<Ended> {
  const child = spawn(process.execPath, [TOOLCHAIN, "run", "pulumi", ...args], {
    env: { ...process.env, ...env },
    stdio: ["inherit", keep === "stdout" ? "pipe" : "inherit", keep === "stderr" ? "pipe" : "inherit"],
  });
  // Without this a signal would end this process while the CLI is still running. On a terminal Ctrl-C reaches the CLI directly.
  const pass = (signal: NodeJS.Signals): void => {
    if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
  };
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.on(signal, pass);
  const chunks: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk: Buffer) => chunks.push(chunk));
  const code = await new Promise<number | null>((done, fail) => {
    child.once("error", fail);
    child.once("close", done);
  });
  for (const signal of signals) process.off(signal, pass);
  const kept = Buffer.concat(chunks).toString("utf8");
  if (code !== PULUMI_EXIT.stackNotFound) return { code: code ?? 1, kept };
  if (keep === "stderr") return { code, kept: `${kept}${whereStacksAre()}\n` };
  process.stderr.write(`${whereStacksAre()}\n`);
  return { code, kept };
}

/** The CLI's error does not say it: a job or a timer lacks the variable more often than the stack. */
function whereStacksAre(): string {
  return (process.env["PULUMI_BACKEND_URL"] ?? "") === ""
    ? "Stacks are looked for in the backend of Pulumi.yaml, since PULUMI_BACKEND_URL is not set."
    : "Stacks are looked for in the backend that PULUMI_BACKEND_URL names.";
}
