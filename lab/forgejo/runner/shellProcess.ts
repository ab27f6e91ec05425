// Stands in for Forgejo's Actions runner: a shell process and its output.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { stamp } from "./jobLog.ts";

export interface Finished {
  /** null if a signal terminated the process. */
  readonly exitCode: number | null;
  readonly lines: readonly { readonly at: string; readonly line: string }[];
}

/** Runs a command and waits until it exits. stdout and stderr share one pipe, so that their lines stay in order. */
export async function runProcess(
  command: readonly string[],
  options: {
    readonly folder: string;
    readonly environment: Readonly<Record<string, string>>;
    readonly signal: AbortSignal;
  },
): Promise<Finished> {
  const lines: { at: string; line: string }[] = [];
  // A separate process group, so that the step's child processes can be stopped with it.
  const child = spawn("sh", ["-c", 'exec "$@" 2>&1', "sh", ...command], {
    cwd: options.folder,
    env: { ...options.environment },
    stdio: ["ignore", "pipe", "ignore"],
    detached: true,
  });
  const kill = (): void => {
    if (child.pid !== undefined) killGroup(child.pid);
  };
  options.signal.addEventListener("abort", kill);
  if (options.signal.aborted) kill();
  try {
    const reader = createInterface({ input: child.stdout });
    reader.on("line", (line) => lines.push({ at: stamp(new Date()), line }));
    const exitCode = await new Promise<number | null>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", resolve);
    });
    return { exitCode, lines };
  } finally {
    options.signal.removeEventListener("abort", kill);
  }
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
