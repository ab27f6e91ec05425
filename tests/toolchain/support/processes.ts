import { execFileSync } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";

export interface RunningProcess {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
}

/** All processes of this machine that run. */
export function processes(): readonly RunningProcess[] {
  const lines = execFileSync("ps", ["-A", "-o", "pid=,ppid=,stat=,args="], { encoding: "utf8" }).split("\n");
  return lines.flatMap((line) => {
    const [, pid, parent, state = "", command = ""] = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line) ?? [];
    return pid === undefined || state.startsWith("Z") ? [] : [{ pid: Number(pid), parent: Number(parent), command }];
  });
}

/** The processes that serve the stand-ins of a CLI. */
export function hostsOf(cli: number): readonly RunningProcess[] {
  return processes().filter(({ command }) => command.includes("shared-host/host.ts") && command.includes(`/${cli}-`));
}

/** Waits until something holds. @throws after `seconds` */
export async function until(what: string, holds: () => boolean, seconds = 30): Promise<void> {
  const end = Date.now() + seconds * 1000;
  while (!holds()) {
    if (Date.now() > end) throw new Error(`after ${seconds} s it is still not so that ${what}`);
    await sleep(20);
  }
}
