/** Quotes a text for a POSIX shell. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Where commands run: on this machine, or on another one through the user's own ssh. */
export type Host = "local" | `ssh:${string}`;

/** The exit code of a script that came to its end on an ssh host. A login shell that did not run it at all may exit with 0, as fish does after a syntax error. */
const FINISHED = 83;

/**
 * A command of the local shell that runs, on the host, the POSIX shell script that {@link scriptOnHost} put into an environment variable.
 * Standard input goes to the script. The script is not in the command itself, since every error message repeats the command.
 */
export function runOnHost(host: string, variable: string): string {
  return overSsh(host, variable, "");
}

/** The exit code with which ssh says that it did not reach the host. */
export const UNREACHED = 255;

/** The variable that lets `destroy` go on without a host that no longer exists. */
export const HOST_GONE = "ZOT_AUTH_HOST_GONE";

/** Like {@link runOnHost}, for a script that removes something. A host that no longer exists can be left out. */
export function removeOnHost(host: string, variable: string): string {
  return overSsh(
    host,
    variable,
    `if [ $code = ${UNREACHED} ]; then
  if [ "$${HOST_GONE}" = ${quote(host)} ]; then exit 0; fi
  echo ${quote(`${host} cannot be reached, so what is there was not removed. If it no longer exists, set the environment variable ${HOST_GONE}=${host} and run again.`)} >&2
fi
`,
  );
}

function overSsh(host: string, variable: string, unreached: string): string {
  if (host === "local") return `eval "$${variable}"`;
  const destination = quote(host.slice("ssh:".length));
  // BatchMode: a prompt for a password or a host key would wait forever. A dead connection is noticed within a minute.
  return `ssh -o BatchMode=yes -o ConnectTimeout=10 -o ServerAliveInterval=15 -- ${destination} "$${variable}"
code=$?
if [ $code = ${FINISHED} ]; then exit 0; fi
${unreached}if [ $code = 0 ]; then echo "The login shell of "${destination}" (setting registry.host) did not run the script. Check that it runs commands: ssh "${destination}" true" >&2; exit 1; fi
exit $code`;
}

/**
 * The variable's value: the script in a form that every login shell passes on unchanged, fish and csh too. A login shell sees one pair of quotes, and between
 * them no quote, backslash, exclamation mark or line break.
 */
export function scriptOnHost(host: string, text: string): string {
  // The host's name as the settings have it, for the records of what was deployed.
  const script = `as_host=${quote(host)}\n${text}`;
  if (host === "local") return script;
  const encoded = Buffer.from(script).toString("base64");
  // macOS before 13 knows only -D.
  const decode = `decode() { echo ${encoded} | base64 "$1" 2>/dev/null; }; script=$(decode -d || decode -D)`;
  const missing = `echo "base64 is not on the PATH of the host" >&2; exit 1`;
  return `sh -c '${decode}; if [ -z "$script" ]; then ${missing}; fi; sh -c "$script"; code=$?; if [ $code = 0 ]; then exit ${FINISHED}; fi; exit $code'`;
}
