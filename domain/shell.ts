/** Quotes a text for a POSIX shell (and for fish, which many use as login shell): nothing in it is special any more. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Where commands run: on this machine, or on another one by the user's own ssh. */
export type Host = "local" | `ssh:${string}`;

/** A command of the local shell that runs a POSIX shell script on the host. Standard input goes to the script. */
export function onHost(host: string, script: string): string {
  if (host === "local") return script;
  const destination = host.slice("ssh:".length);
  // BatchMode: a question about a password or a host key would wait for ever.
  return `ssh -o BatchMode=yes -o ConnectTimeout=10 -- ${quote(destination)} ${quote(`sh -c ${quote(script)}`)}`;
}
