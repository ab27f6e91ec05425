import { ZotAuthError } from "./errors.ts";
import { quote } from "./shell.ts";
import { OLDEST_SUPPORTED, parseZotVersion } from "./zotVersion.ts";
import type { ZotVersion } from "./zotVersion.ts";

/**
 * The shell scripts that run on zot's host. POSIX sh with the tools that macOS and every Linux have.
 *
 * Beside each file that we write stands a record, `<file>.zot-auth`: the hash of what we wrote, what zot was started with, and how often
 * somebody else's edit was repaired. By it a preview tells a hand edit from a change of ours.
 */

/** Where things are on the host. */
export interface HostFiles {
  /** The zot executable: a path, or a name on PATH. */
  readonly binary: string;
  readonly configFile: string;
  readonly credentialsFile: string;
}

/** What the host says of itself before anything is changed. */
export interface HostFacts {
  readonly version: ZotVersion;
  /** How often hand edits were repaired, counting the one that is due now: a new number makes an update. */
  readonly configRepairs: number;
  readonly credentialsRepairs: number;
  /** Whether somebody changed the config since we wrote it. */
  readonly configEdited: boolean;
}

/** How a deployed config is brought into force. */
export interface Deployment extends HostFiles {
  /** Digest of what zot reads only at its start. */
  readonly startDigest: string;
  /** Says which credentials zot has to be started with. */
  readonly credentials: string;
  readonly repairs: number;
  readonly restartCommand: string;
  /** zot's own `/readyz`, seen from the host. */
  readonly readyUrl: string;
  readonly readySeconds: number;
  /** zot does not start when this does not answer. */
  readonly discoveryUrl: string;
}

const FUNCTIONS = `set -eu
sum() { if command -v sha256sum >/dev/null 2>&1; then sha256sum "$1"; else shasum -a 256 "$1"; fi | cut -c1-64; }
say() { printf '%s\\n' "$*" >&2; }
fetch() { if command -v curl >/dev/null 2>&1; then curl -fsS -m 5 -o /dev/null "$1"; else wget -q -T 5 -O /dev/null "$1"; fi; }
field() { if [ -f "$1" ]; then sed -n "s/^$2=//p" "$1"; fi; }`;

/** Prints what {@link parseFacts} reads. It changes nothing. */
export function factsScript({ binary, configFile, credentialsFile }: HostFiles): string {
  return `${FUNCTIONS}
zot=${quote(binary)}
if ! command -v "$zot" >/dev/null 2>&1; then echo "missing=$zot"; exit 0; fi
printf 'version='; "$zot" --version 2>&1 | tr '\\n' ' '; echo
facts() {
  repairs=$(field "$2.zot-auth" repairs); written=$(field "$2.zot-auth" written); now=none
  if [ -f "$2" ]; then now=$(sum "$2"); fi
  if [ -n "$written" ] && [ "$written" != "$now" ]; then repairs=$(( \${repairs:-0} + 1 )); echo "$1_edited=yes"; fi
  echo "$1_repairs=\${repairs:-0}"
}
facts config ${quote(configFile)}
facts credentials ${quote(credentialsFile)}`;
}

/** Reads what {@link factsScript} printed. @throws ZotAuthError `ZOT_BINARY_MISSING`, `ZOT_VERSION_UNREADABLE` */
export function parseFacts(printed: string, host: string): HostFacts {
  const facts = new Map(
    printed.split("\n").map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
  );
  const missing = facts.get("missing");
  if (missing !== undefined) {
    throw new ZotAuthError(
      "ZOT_BINARY_MISSING",
      `There is no zot at "${missing}" on ${host} (setting registry.binary). Install zot there, or correct the setting.`,
    );
  }
  const version = parseZotVersion(facts.get("version") ?? "");
  if (version === undefined) {
    throw new ZotAuthError(
      "ZOT_VERSION_UNREADABLE",
      `The zot on ${host} (setting registry.binary) does not tell its version: "${(facts.get("version") ?? printed).trim().slice(0, 200)}". It has to be zot ${OLDEST_SUPPORTED} or later.`,
    );
  }
  return {
    version,
    configRepairs: Number(facts.get("config_repairs") ?? 0),
    credentialsRepairs: Number(facts.get("credentials_repairs") ?? 0),
    configEdited: facts.get("config_edited") === "yes",
  };
}

/** Writes standard input into a file that only its owner may read, and prints a fingerprint of it. */
export function secretFileScript(file: string, repairs: number): string {
  return `${FUNCTIONS}
file=${quote(file)}
umask 077
cat > "$file.new"
mv -f "$file.new" "$file"
printf 'written=%s\\nrepairs=%s\\n' "$(sum "$file")" ${repairs} > "$file.zot-auth"
printf '%s %s' "$(sum "$file" | cut -c1-16)" ${repairs}`;
}

export function removeSecretFileScript(file: string): string {
  return `rm -f ${quote(file)} ${quote(`${file}.zot-auth`)}`;
}

/**
 * Brings the config on standard input into force: has the host's own zot verify it, keeps a copy of the one before, writes in place (zot
 * watches the inode: a renamed file would never be seen), restarts zot where it reads a change only at its start, and waits until it serves.
 * Where that fails, the previous config comes back.
 */
export function deployScript(deployment: Deployment): string {
  const { configFile, binary, startDigest, credentials, repairs } = deployment;
  return `${FUNCTIONS}
zot=${quote(binary)}; config=${quote(configFile)}; start=${quote(`${startDigest} ${credentials}`)}
${serviceFunctions(deployment)}
umask 022
new="$config.new.json"; trap 'rm -f "$new" "$new.log"' EXIT
cat > "$new"
if ! "$zot" verify "$new" > "$new.log" 2>&1; then
  say "zot does not accept the new config, so nothing was changed. It says:"; grep -v '"level":"info"' "$new.log" | tail -n 5 >&2; exit 1
fi
restart=yes
if [ -f "$config" ]; then
  if [ "$(field "$config.zot-auth" start)" = "$start" ] && [ "$(field "$config.zot-auth" written)" = "$(sum "$config")" ]; then restart=no; fi
  if [ ! -f "$config.zot-auth" ] && [ ! -f "$config.before-zot-auth" ]; then cp -p "$config" "$config.before-zot-auth"; fi
  cp -p "$config" "$config.previous"
fi
if [ $restart = yes ] && ! fetch ${quote(deployment.discoveryUrl)}; then
  say ${quote(`The OIDC issuer does not answer at ${deployment.discoveryUrl} from zot's host, and zot does not start without it. Nothing was changed. Check authentik.url and the application in Authentik.`)}; exit 1
fi
printf 'written=%s\\nstart=%s\\nrepairs=%s\\n' "$(sum "$new")" "$start" ${repairs} > "$config.zot-auth.new"
cat "$new" > "$config"
if { [ $restart = no ] || restart_zot; } && ready; then
  mv -f "$config.zot-auth.new" "$config.zot-auth"
  echo "zot serves the new config (restart: $restart)"; exit 0
fi
rm -f "$config.zot-auth.new"
if [ -f "$config.previous" ]; then
  cat "$config.previous" > "$config"
  if restart_zot && ready; then say "zot did not come up with the new config. The previous one is back and serving. See zot's log on its host."
  else say "zot did not come up with the new config, and not with the previous one either, which is back in place. See zot's log on its host."; fi
else say "zot did not come up with its first config. See zot's log on its host."; fi
exit 1`;
}

/** Puts back the config of the time before zot-auth. */
export function removeScript(
  deployment: Pick<Deployment, "configFile" | "restartCommand" | "readyUrl" | "readySeconds">,
): string {
  return `${FUNCTIONS}
config=${quote(deployment.configFile)}
${serviceFunctions(deployment)}
if [ -f "$config.before-zot-auth" ]; then
  cat "$config.before-zot-auth" > "$config"
  restart_zot && ready || { say "zot did not come up with the config of the time before zot-auth, which is back in place. See zot's log on its host."; exit 1; }
else rm -f "$config"; fi
rm -f "$config.before-zot-auth" "$config.previous" "$config.zot-auth"`;
}

function serviceFunctions({
  restartCommand,
  readyUrl,
  readySeconds,
}: Pick<Deployment, "restartCommand" | "readyUrl" | "readySeconds">): string {
  return `restart_zot() {
  sh -c ${quote(restartCommand)} >&2 || { say "The restart command (setting registry.restartCommand) ended with exit code $?."; return 1; }
}
ready() {
  end=$(( $(date +%s) + ${readySeconds} ))
  until fetch ${quote(readyUrl)} 2>/dev/null; do
    if [ "$(date +%s)" -ge $end ]; then say ${quote(`zot did not answer at ${readyUrl} within ${readySeconds} s.`)}; return 1; fi
    sleep 0.1
  done
}`;
}
