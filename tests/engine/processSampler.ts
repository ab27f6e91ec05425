import { readFileSync, readdirSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

/** Milliseconds between two looks. A look takes about as long. */
const PAUSE = 5;

/** What Linux shows everybody of the processes that run: looked at over and over, since many live for a few milliseconds. */
export class ProcessSampler {
  /** Every list of arguments that any process of this machine had, with spaces between them. */
  readonly argumentLists = new Set<string>();
  /** Every variable, as `NAME=value`, of the processes that have the mark among theirs. */
  readonly variables = new Set<string>();
  readonly #mark: string;
  /** The arguments with which a process was seen last, by its id. */
  readonly #seen = new Map<string, string>();

  /** @param mark a variable, as `NAME=value`, that a run and all that it starts have in common */
  constructor(mark: string) {
    this.#mark = mark;
  }

  /** Looks until the work is done; not at all where the system is not Linux. */
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
    // A kernel's thread, or one that is between two programs.
    if (listed === "" || this.#seen.get(pid) === listed) return;
    this.#seen.set(pid, listed);
    this.argumentLists.add(listed.replaceAll("\0", " "));
    const variables = read(pid, "environ").split("\0");
    if (variables.includes(this.#mark)) for (const variable of variables) this.variables.add(variable);
  }
}

/** Empty when the process has ended, or is another user's. */
function read(pid: string, file: "cmdline" | "environ"): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ESRCH" || code === "EACCES") return "";
    throw error;
  }
}
