import { execFile } from "node:child_process";
import { UNREACHED, runOnHost, scriptOnHost } from "./shell.ts";

export interface AskOptions {
  readonly signal?: AbortSignal;
  /** Timeout in seconds. Default: none. */
  readonly timeoutSeconds?: number;
}

/** What a script on the host printed. */
export interface HostReply {
  /** `undefined` if it was killed. */
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
  /** The last line of standard error, or the exit code if there is none. */
  readonly reason: string;
}

/** Runs a read-only POSIX shell script on zot's host, locally or through the user's own ssh. Does not throw if the script fails. */
export async function askHost(host: string, script: string, options: AskOptions = {}): Promise<HostReply> {
  const { signal, timeoutSeconds = 0 } = options;
  const reply = await new Promise<HostReply>((done) => {
    const child = execFile(
      "/bin/sh",
      ["-c", runOnHost(host, "ZOT_AUTH_ASK")],
      {
        env: { ...process.env, ZOT_AUTH_ASK: scriptOnHost(host, script) },
        timeout: timeoutSeconds * 1000,
        ...(signal === undefined ? {} : { signal }),
      },
      // The error's own message repeats the command.
      (_error, stdout, stderr) => {
        const code = child.exitCode ?? undefined;
        const said = stderr.trim().split("\n").at(-1)?.trim() ?? "";
        done({ code, stdout, stderr, reason: said === "" ? `exit code ${code ?? "unknown"}` : said });
      },
    );
    // The script gets no input.
    child.stdin?.end();
  });
  signal?.throwIfAborted();
  return reply;
}

/** Whether ssh did not reach the host: the script did not run. */
export function isUnreachable({ code }: HostReply, host: string): boolean {
  return host !== "local" && code === UNREACHED;
}

/** Why ssh did not reach the host, in one sentence; `undefined` when the script ran. */
export function unreachable(reply: HostReply, host: string): string | undefined {
  if (!isUnreachable(reply, host)) return undefined;
  const { reason } = reply;
  return `${host} (setting registry.host) cannot be reached: ${reason.replace(/\.$/, "")}. Check \`ssh ${host.slice("ssh:".length)} true\`.`;
}
