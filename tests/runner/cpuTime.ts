import { existsSync, readFileSync } from "node:fs";

const STAT = "/proc/self/stat";
/** Clock ticks a second: what Linux shows to programs, on every processor. */
const TICKS = 100;

/** CPU time in seconds of this process and, on Linux, of the programs that it has started and that have ended. */
export function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6 + (existsSync(STAT) ? ofChildren(readFileSync(STAT, "utf8")) : 0);
}

/** `cutime` and `cstime` of proc_pid_stat(5), in seconds. The name before them may hold spaces and parentheses. */
export function ofChildren(stat: string): number {
  const [user, system] = stat
    .slice(stat.lastIndexOf(")") + 2)
    .split(" ")
    .slice(13, 15)
    .map(Number);
  return ((user ?? 0) + (system ?? 0)) / TICKS;
}
