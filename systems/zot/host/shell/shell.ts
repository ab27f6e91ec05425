/** Quotes a text for a POSIX shell, and for fish, a common login shell. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Where commands run: on this machine, or on another one through the user's own ssh. */
export type Host = "local" | `ssh:${string}`;

/**
 * A command of the local shell that runs, on the host, the POSIX shell script that {@link scriptOnHost} put into an environment variable.
 * Standard input goes to the script. The script is not in the command itself, since every error message repeats the command.
 */
export function runOnHost(host: string, variable: string): string {
  if (host === "local") return `eval "$${variable}"`;
  // BatchMode: a prompt for a password or a host key would wait forever. A dead connection is noticed within a minute.
  return `ssh -o BatchMode=yes -o ConnectTimeout=10 -o ServerAliveInterval=15 -- ${quote(host.slice("ssh:".length))} "$${variable}"`;
}

/** The variable's value: the script in the form that the host's login shell needs. */
export function scriptOnHost(host: string, script: string): string {
  return host === "local" ? script : `sh -c ${quote(script)}`;
}
