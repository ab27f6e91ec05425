import { spawnSync } from "node:child_process";
import { hostname } from "node:os";
import { stripVTControlCharacters as withoutColours } from "node:util";
import { isAlive } from "../../toolchain/system/processes.js";

/** Who holds the lock of a stack, as the CLI reports it. */
export interface Lock {
  readonly user: string;
  readonly host: string;
  readonly pid: number;
  /** RFC 3339. */
  readonly since: string;
}

/** An existing process. */
export interface Process {
  /** The name of its program. */
  readonly program: string;
  readonly began: Date;
}

/** What this module needs to know about a machine. */
export interface Machine {
  readonly host: string;
  /** `undefined`: no such process. `"unclear"`: the process exists, but nothing else is known about it. */
  process(pid: number): Process | "unclear" | undefined;
}

/**
 * The locks in the CLI's error, which is the same for state in a folder, S3 or a database. Empty for any other error: Pulumi
 * Cloud releases the lock of a dead run by itself.
 */
export function locksIn(error: string): readonly Lock[] {
  const found = withoutColours(error).matchAll(
    /created by (?<user>.+)@(?<host>.+) \(pid (?<pid>\d+)\) at (?<since>\S+)/g,
  );
  return [...found].map(({ groups }) => ({
    user: groups?.["user"] ?? "",
    host: groups?.["host"] ?? "",
    pid: Number(groups?.["pid"]),
    since: groups?.["since"] ?? "",
  }));
}

/** A machine that lost power may leave an empty lock. The CLI's error for it names no file; its error for a damaged state does. */
export function isUnreadable(error: string): boolean {
  return /^error: (?:unexpected end of JSON input|invalid character )/m.test(withoutColours(error));
}

/** Whether the run that holds the lock is still running. When in doubt, yes: two runs at once would corrupt the state. */
export function holderOf(lock: Lock, machine: Machine = THIS_MACHINE): "runs" | "gone" | "elsewhere" {
  if (lock.host !== machine.host) return "elsewhere";
  const found = machine.process(lock.pid);
  if (found === undefined) return "gone";
  if (found === "unclear" || found.program.includes("pulumi")) return "runs";
  // After a reboot another program may have the same PID. Both clocks count whole seconds, so a difference of a few proves nothing.
  return found.began.getTime() - Date.parse(lock.since) > 5000 ? "gone" : "runs";
}

/** Human-readable: `root@nas, process 4711, since 2026-11-25T08:00:01Z`. */
export function described({ user, host, pid, since }: Lock): string {
  return `${user}@${host}, process ${pid}, since ${since}`;
}

export const THIS_MACHINE: Machine = {
  host: hostname(),
  process(pid) {
    if (!isAlive(pid)) return undefined;
    const columns = ["stat", "etime", "comm"].flatMap((column) => ["-o", `${column}=`]);
    const { stdout } = spawnSync("ps", [...columns, "-p", String(pid)], { encoding: "utf8" });
    const row = /^\s*(?<state>\S+)\s+(?:(?:(?<d>\d+)-)?(?<h>\d+):)?(?<m>\d+):(?<s>\d+)\s+(?<program>.+?)\s*$/.exec(
      stdout,
    );
    if (row?.groups === undefined) return "unclear";
    const { state = "", d = 0, h = 0, m = 0, s = 0, program = "" } = row.groups;
    // A zombie: it has exited, but its parent has not read its exit code.
    if (state.startsWith("Z")) return undefined;
    const seconds = ((Number(d) * 24 + Number(h)) * 60 + Number(m)) * 60 + Number(s);
    return { program, began: new Date(Date.now() - seconds * 1000) };
  },
};
