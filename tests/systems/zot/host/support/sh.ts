// Runs the scripts as the command plugin does: /bin/sh, the script in a variable, the config on standard input, a process group of their own.
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";

export interface Ran {
  /** `null` when it was killed. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A variable of the environment: what runs before the script, in its shell. */
export const BEFORE = "BEFORE_SCRIPT";

export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ran>;
}

export function startSh(script: string, input = "", environment: NodeJS.ProcessEnv = {}): Running {
  const { [BEFORE]: before = "", ...variables } = environment;
  const child = spawn("/bin/sh", ["-c", 'eval "$SCRIPT"'], {
    stdio: ["pipe", "pipe", "pipe"],
    detached: true,
    env: { ...process.env, ...variables, SCRIPT: before + script },
  });
  const output: Buffer[][] = [[], []];
  child.stdout.on("data", (chunk: Buffer) => output[0]?.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => output[1]?.push(chunk));
  child.stdin.on("error", () => undefined); // a script that does not read
  child.stdin.end(input);
  const ended = new Promise<number | null>((done) => child.once("close", done)).then((code) => {
    const [stdout = "", stderr = ""] = output.map((chunks) => Buffer.concat(chunks).toString("utf8"));
    return { code, stdout, stderr };
  });
  return { child, ended };
}

export async function sh(script: string, input = "", environment: NodeJS.ProcessEnv = {}): Promise<Ran> {
  return startSh(script, input, environment).ended;
}
