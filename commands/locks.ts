import { spawnSync } from "node:child_process";
import { hostname } from "node:os";
import { stripVTControlCharacters as withoutColours } from "node:util";

/** Who has locked a stack, as the CLI tells of it. */
export interface Lock {
  readonly user: string;
  readonly host: string;
  readonly pid: number;
  /** RFC 3339. */
  readonly since: string;
}

/** A process that there is. */
export interface Process {
  /** The name of its program. */
  readonly program: string;
  readonly began: Date;
}

/** What has to be known of this machine. */
export interface Machine {
  readonly host: string;
  /** `undefined`: there is none of that number. `"unclear"`: there is one, and no more is known of it. */
  process(pid: number): Process | "unclear" | undefined;
}

/**
 * The locks in the CLI's error, which is the same for state in a folder, in S3 and in a database. Empty where it says something else, as
 * Pulumi Cloud does: that one ends the lock of a dead run by itself.
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

/** A machine that went off may leave a lock without content. What the CLI says of it names nothing; of a damaged state it says more. */
export function isUnreadable(error: string): boolean {
  return /^error: (?:unexpected end of JSON input|invalid character )/m.test(withoutColours(error));
}

/** Whether the run that made the lock goes on. In doubt it does: two runs at once would spoil the state. */
export function holderOf(lock: Lock, machine: Machine = THIS_MACHINE): "runs" | "gone" | "elsewhere" {
  if (lock.host !== machine.host) return "elsewhere";
  const found = machine.process(lock.pid);
  if (found === undefined) return "gone";
  if (found === "unclear" || found.program.includes("pulumi")) return "runs";
  // After a restart another program may have got the number. Both clocks count whole seconds, so a few of them say nothing.
  return found.began.getTime() - Date.parse(lock.since) > 5000 ? "gone" : "runs";
}

/** As people read it: `root@nas, process 4711, since 2026-11-25T08:00:01Z`. */
export function described({ user, host, pid, since }: Lock): string {
  return `${user}@${host}, process ${pid}, since ${since}`;
}

export const THIS_MACHINE: Machine = {
  host: hostname(),
  process(pid) {
    try {
      process.kill(pid, 0);
    } catch (error) {
      // Somebody else's may not be sent anything; it is there.
      if ((error as NodeJS.ErrnoException).code === "ESRCH") return undefined;
    }
    const columns = ["stat", "etime", "comm"].flatMap((column) => ["-o", `${column}=`]);
    const { stdout } = spawnSync("ps", [...columns, "-p", String(pid)], { encoding: "utf8" });
    const row = /^\s*(?<state>\S+)\s+(?:(?:(?<d>\d+)-)?(?<h>\d+):)?(?<m>\d+):(?<s>\d+)\s+(?<program>.+?)\s*$/.exec(
      stdout,
    );
    if (row?.groups === undefined) return "unclear";
    const { state = "", d = 0, h = 0, m = 0, s = 0, program = "" } = row.groups;
    // It has ended, and its parent has not asked for its exit code.
    if (state.startsWith("Z")) return undefined;
    const seconds = ((Number(d) * 24 + Number(h)) * 60 + Number(m)) * 60 + Number(s);
    return { program, began: new Date(Date.now() - seconds * 1000) };
  },
};
