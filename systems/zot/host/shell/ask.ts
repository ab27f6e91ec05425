import { execFile } from "node:child_process";
import { runOnHost, scriptOnHost } from "./shell.ts";

/** ssh's own exit code: the script did not run. */
const SSH_FAILED = 255;

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
        done({ code, stdout, reason: said === "" ? `exit code ${code ?? "unknown"}` : said });
      },
    );
    // The script gets no input.
    child.stdin?.end();
  });
  signal?.throwIfAborted();
  return reply;
}

/** Why ssh did not reach the host, in one sentence; `undefined` when the script ran. */
export function unreachable({ code, reason }: HostReply, host: string): string | undefined {
  if (host === "local" || code !== SSH_FAILED) return undefined;
  return `${host} (setting registry.host) cannot be reached: ${reason.replace(/\.$/, "")}. Check \`ssh ${host.slice("ssh:".length)} true\`.`;
}
