import { runOnHost } from "./shell.ts";

/** ssh's own exit code: it did not get as far as the script. */
const SSH_FAILED = 255;
const UNREACHABLE = "zot-auth: unreachable";

/**
 * A command of the local shell that asks the host by a script, as {@link runOnHost} does. An ssh host that cannot be reached is no failure of
 * the command: {@link unreachable} reads it from what was printed.
 */
export function askHost(host: string, variable: string): string {
  const ask = runOnHost(host, variable);
  return host === "local" ? ask : `${ask} 2>&1 || { [ $? = ${SSH_FAILED} ] && echo '${UNREACHABLE}'; }`;
}

/** Why the host could not be asked, in one sentence; `undefined` when it answered. */
export function unreachable(printed: string, host: string): string | undefined {
  const lines = printed.trim().split("\n");
  if (lines.at(-1) !== UNREACHABLE) return undefined;
  const said = lines.at(-2)?.trim() ?? "no answer";
  return `${host} (setting registry.host) cannot be reached: ${said} Check \`ssh ${host.slice("ssh:".length)} true\`.`;
}
