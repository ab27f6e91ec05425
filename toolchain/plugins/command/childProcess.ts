import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { getSystemErrorMap } from "node:util";
import type { Context } from "../../../provider/grpc/index.ts";
import type { CommandOptions, CommandOutput } from "./inputs.ts";
import { LineReader } from "./lineReader.ts";

/** How long a command may take to exit after SIGTERM: less than the engine gives its plugins. */
const GRACE_MILLISECONDS = 2500;

/**
 * Runs a command and waits until it has exited and closed its output.
 *
 * @param previous output of the previous run
 * @param environment to which the options add
 * @throws the official plugin's error message, with everything that the command printed
 */
export async function runCommand(
  command: string,
  options: CommandOptions,
  previous: CommandOutput,
  environment: NodeJS.ProcessEnv,
  context: Pick<Context, "signal" | "progress">,
): Promise<CommandOutput> {
  const [program, ...args] = [...options.interpreter, command];
  const env = { ...environment, ...options.environment, ...(options.previousOutputInEnv ? previousEnv(previous) : {}) };
  const hasInput = options.stdin !== "";
  // A separate process group, so that a cancellation also reaches the command's child processes.
  const child = spawn(program, args, {
    cwd: options.dir,
    env,
    detached: true,
    stdio: [hasInput ? "pipe" : "ignore", "pipe", "pipe"],
  });
  // A command may exit without reading all of its input.
  child.stdin?.on("error", () => undefined).end(options.stdin);

  const printed = { stdout: [] as Buffer[], stderr: [] as Buffer[], both: [] as Buffer[] };
  const lines = new LineReader((line) => context.progress(line));
  for (const stream of ["stdout", "stderr"] as const) {
    child[stream]?.on("data", (chunk: Buffer) => {
      printed[stream].push(chunk);
      printed.both.push(chunk);
      if (options.logged[stream]) lines.add(chunk);
    });
  }
  const stopWatching = endOnAbort(child, context.signal);
  const failure = await endOf(child, program, options.dir).finally(stopWatching);
  lines.end();
  context.signal.throwIfAborted();
  if (failure !== undefined) {
    throw new Error(`${failure}: running ${JSON.stringify(command)}:\n${Buffer.concat(printed.both).toString()}`);
  }
  return { stdout: withoutLineEnd(printed.stdout), stderr: withoutLineEnd(printed.stderr) };
}

function previousEnv({ stdout, stderr }: CommandOutput): Record<string, string> {
  return {
    ...(stdout === "" ? {} : { PULUMI_COMMAND_STDOUT: stdout }),
    ...(stderr === "" ? {} : { PULUMI_COMMAND_STDERR: stderr }),
  };
}

/** What went wrong, in the words of Go's os/exec; `undefined` on success. */
async function endOf(child: ChildProcess, program: string, dir: string | undefined): Promise<string | undefined> {
  return new Promise((resolve) => {
    child.once("error", (error: NodeJS.ErrnoException) => {
      const reason = getSystemErrorMap().get(error.errno ?? 0)?.[1] ?? error.message;
      // Node blames the program even if it is the working folder that is missing.
      resolve(
        dir === undefined
          ? `exec: ${JSON.stringify(program)}: ${reason}`
          : `exec: ${JSON.stringify(program)} in ${dir}: ${reason}`,
      );
    });
    child.once("close", (code, signal) => {
      if (signal !== null) resolve(`signal: ${signal}`);
      else resolve(code === 0 ? undefined : `exit status ${String(code)}`);
    });
  });
}

function endOnAbort(child: ChildProcess, signal: AbortSignal): () => void {
  let lastResort: NodeJS.Timeout | undefined;
  const end = () => {
    signalGroup(child, "SIGTERM");
    lastResort = setTimeout(() => signalGroup(child, "SIGKILL"), GRACE_MILLISECONDS);
  };
  if (signal.aborted) end();
  signal.addEventListener("abort", end);
  return () => {
    clearTimeout(lastResort);
    signal.removeEventListener("abort", end);
  };
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // The group has already exited.
  }
}

function withoutLineEnd(chunks: readonly Buffer[]): string {
  return Buffer.concat(chunks).toString().replace(/\n$/, "");
}
