import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import type { ProcessReport } from "./insideNode.ts";

export interface Timed {
  /** Seconds from start to end. */
  readonly wall: number;
  /** Seconds of CPU time of the command and all that it has started. */
  readonly cpu: number;
  readonly output: string;
}

export interface CommandOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** The shell's own clock of its children. Node tells only of one that it has itself waited for, and not of theirs. */
const WITH_TIMES = '"$@"; code=$?; times >&3; exit $code';

/** Runs a command to its end. @throws if it fails */
export async function timed(command: string, args: readonly string[], options: CommandOptions = {}): Promise<Timed> {
  const folder = mkdtempSync(join(tmpdir(), "zot-auth-bench-"));
  const hosts = join(folder, "hosts");
  const hook = `--require=${join(import.meta.dirname, "hostTime.js")}`;
  try {
    const result = await withoutHosts(command, args, {
      ...options,
      env: { ...withNodeOption(options.env ?? process.env, hook), BENCH_HOSTS: hosts },
    });
    return { ...result, cpu: result.cpu + (await timeOf(hosts)) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Seconds of CPU time of the processes that serve stand-ins (hostTime.js), once they have ended: that is just after the command. */
async function timeOf(hosts: string): Promise<number> {
  for (let look = 0; look < 500; look += 1) {
    const lines = existsSync(hosts) ? readFileSync(hosts, "utf8").split("\n").filter(Boolean) : [];
    const times = lines.filter((line) => line !== "begun").map(Number);
    if (times.length * 2 === lines.length) return times.reduce((sum, time) => sum + time, 0);
    await delay(20);
  }
  throw new Error("a process that serves stand-ins has outlived its run by ten seconds");
}

function withNodeOption(env: NodeJS.ProcessEnv, option: string): NodeJS.ProcessEnv {
  return { ...env, NODE_OPTIONS: `${env["NODE_OPTIONS"] ?? ""} ${option}`.trim() };
}

async function withoutHosts(
  command: string,
  args: readonly string[],
  { cwd = process.cwd(), env = process.env }: CommandOptions,
): Promise<Timed> {
  const start = performance.now();
  const child = spawn("sh", ["-c", WITH_TIMES, "sh", command, ...args], {
    cwd,
    env,
    stdio: ["ignore", "pipe", "pipe", "pipe"],
  });
  const [, out, err, clock] = child.stdio as unknown as readonly Readable[];
  const read = async (stream: Readable | undefined): Promise<string> => (stream === undefined ? "" : text(stream));
  const ended = new Promise<number | null>((done, fail) => child.once("error", fail).once("exit", done));
  const [stdout, stderr, measured, code] = await Promise.all([read(out), read(err), read(clock), ended]);
  const wall = (performance.now() - start) / 1000;
  const output = stdout + stderr;
  if (code !== 0) throw new Error(`${command} ${args.join(" ")} failed (${String(code)}):\n${output.slice(-4000)}`);
  return { wall, cpu: childrensTime(measured), output };
}

/** The second line of `times` in POSIX: user and system time of the children, `0m1.23s 0m0.45s`. */
function childrensTime(printed: string): number {
  const [, children = ""] = printed.trim().split("\n");
  const found = [...children.matchAll(/(\d+)m([\d.,]+)s/g)];
  if (found.length !== 2) throw new Error(`the shell's times are not as POSIX says: ${JSON.stringify(printed)}`);
  return found.reduce((sum, [, minutes, rest = ""]) => sum + Number(minutes) * 60 + Number(rest.replace(",", ".")), 0);
}

/** As {@link timed}, and what each Node process reports of itself at its end. That costs each of them some milliseconds. */
export async function observed(
  command: string,
  args: readonly string[],
  { cwd, env = process.env }: CommandOptions = {},
): Promise<Timed & { readonly processes: readonly ProcessReport[] }> {
  const folder = mkdtempSync(join(tmpdir(), "zot-auth-bench-"));
  const file = join(folder, "processes");
  const hook = `--import=${join(import.meta.dirname, "insideNode.ts")}`;
  try {
    const result = await timed(command, args, {
      ...(cwd === undefined ? {} : { cwd }),
      env: { ...withNodeOption(env, hook), BENCH_PROCESSES: file },
    });
    const lines = existsSync(file) ? readFileSync(file, "utf8").split("\n").filter(Boolean) : [];
    return { ...result, processes: lines.map((line) => JSON.parse(line) as ProcessReport) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
