import { readFileSync, readdirSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

/** Milliseconds between two samples. A sample takes about as long. */
const PAUSE = 5;

/** Samples the processes in Linux's /proc continuously, since many run for only a few milliseconds. */
export class ProcessSampler {
  /** Argument lists of all processes on this machine, joined with spaces. */
  readonly argumentLists = new Set<string>();
  /** Variables, as `NAME=value`, of the processes that have the mark. */
  readonly variables = new Set<string>();
  readonly #mark: string;
  /** Last seen arguments by pid. */
  readonly #seen = new Map<string, string>();

  /** @param mark a variable, as `NAME=value`, that a run and all its child processes have */
  constructor(mark: string) {
    this.#mark = mark;
  }

  /** Samples until the work is done. Does nothing on systems other than Linux. */
  async during<T>(work: Promise<T>): Promise<T> {
    if (process.platform !== "linux") return work;
    const ended = new AbortController();
    const looking = this.#loop(ended.signal);
    try {
      return await work;
    } finally {
      ended.abort();
      await looking;
    }
  }

  async #loop(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      for (const pid of readdirSync("/proc")) if (/^\d/.test(pid)) this.#look(pid);
      await delay(PAUSE);
    }
  }

  #look(pid: string): void {
    const listed = read(pid, "cmdline");
    // Empty for a kernel thread, and for a process during exec.
    if (listed === "" || this.#seen.get(pid) === listed) return;
    this.#seen.set(pid, listed);
    this.argumentLists.add(listed.replaceAll("\0", " "));
    const variables = read(pid, "environ").split("\0");
    if (variables.includes(this.#mark)) for (const variable of variables) this.variables.add(variable);
  }
}

/** Empty if the process has exited or belongs to another user. */
function read(pid: string, file: "cmdline" | "environ"): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ESRCH" || code === "EACCES") return "";
    throw error;
  }
}
