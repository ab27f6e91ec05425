import { quote } from "../shell/shell.ts";
import type { NeededFile } from "../../config/checks/neededFiles.ts";
import type { HostFiles } from "../files/files.ts";
import { answeringFunctions } from "../deploy/functions/answering.ts";
import { FUNCTIONS } from "../files/functions.ts";
import { ROLE } from "../files/role.ts";
import { managerFunctions } from "../service/manager.ts";
import { SECOND_SERVICE } from "../service/ourOtherService.ts";
import { WRITTEN_BY } from "../service/service.ts";
import type { ServiceManager } from "../service/service.ts";

/** What {@link factsScript} looks at. */
export interface FactsQuestion extends HostFiles {
  /** The managed plist or unit file. `~/` at its beginning is the home folder on the host. */
  readonly serviceFile?: string;
  /** The service of that file. */
  readonly manager?: ServiceManager | undefined;
  readonly sessionKeysFile?: string;
  /** zot's address on its own host. A running zot is asked for its version if the binary was built without one. */
  readonly origin: string;
  /** Whether to ask for zot's schema. */
  readonly schema?: boolean;
  /** Files that zot reads and this program does not write. */
  readonly needed?: readonly NeededFile[];
}

/** The config is printed last. It may hold secrets, so nothing quotes it. */
export const CONFIG_FOLLOWS = "config:\n";

/** Seconds that a zot which is just restarting has to serve again. */
const RESTART_SECONDS = 5;

/** Prints what {@link parseFacts} reads. It changes nothing. */
export function factsScript({
  binary,
  configFile,
  credentialsFile,
  dataDirectory,
  serviceFile,
  manager,
  sessionKeysFile,
  origin,
  needed = [],
  schema = false,
}: FactsQuestion): string {
  return `${FUNCTIONS}
${answeringFunctions(origin)}
zot=${quote(binary)}; data=${quote(dataDirectory)}
if ! path=$(command -v "$zot"); then printf 'missing=%s\\n' "$zot"; exit 0; fi
version=$("$zot" --version 2>&1 | tr '\\n' ' ') || :
printf 'version=%s\\nbinary=%s\\nhome=%s\\n' "$version" "$path" "$HOME"
case $version in
  *v[0-9]*.[0-9]*.[0-9]*) ;;
  *) printf 'running='; body ${quote(`${origin}/v2/_zot/ext/mgmt`)} 2>/dev/null | tr '\\n' ' ' || :; echo ;;
esac
${schema ? `printf 'schema='; "$zot" schema 2>/dev/null | tr -d '\\n' || :; echo` : ""}
needs() { if [ ! -e "$2" ]; then printf 'problem=%s does not exist (setting %s).\\n' "$2" "$1"; fi; }
${needed.map(({ setting, path }) => `needs ${quote(setting)} ${quote(path)}`).join("\n")}
if [ -e "$data" ] && [ ! -d "$data" ]; then printf 'problem=%s is not a folder (setting registry.dataDirectory).\\n' "$data"
elif [ -d "$data" ] && [ -O "$data" ] && [ ! -w "$data" ]; then printf 'problem=%s is not writable (setting registry.dataDirectory).\\n' "$data"; fi
if [ -d "$data" ]; then printf 'owner=%s\\n' "$(ls -ld "$data" | awk '{print $3}')"; else printf 'owner=%s\\n' "$(id -un)"; fi
# An earlier version left the record beside a symbolic link to the file.
stem() { if at=$(through "$1" 2>/dev/null) && { [ -f "$at.zot-auth" ] || [ ! -f "$1.zot-auth" ]; }; then printf '%s\\n' "$at"; else printf '%s\\n' "$1"; fi; }
facts() {
  # A record of another file says nothing about this one.
  if [ -n "$(field "$3.zot-auth" file)" ] && [ "$(field "$3.zot-auth" file)" != "$2" ]; then set -- "$1" "$2" "$3.none"; fi
  repairs=$(field "$3.zot-auth" repairs); written=$(field "$3.zot-auth" written); now=none; state='as written'
  if [ -f "$2" ]; then now=$(sum "$2"); fi
  if [ "$(field "$3.zot-auth" state)" = pending ]; then state=interrupted
  elif [ -n "$written" ] && [ "$written" != "$now" ]; then state=edited
  elif [ "$1" = config ] && [ -n "$written" ] && ! serves; then state=unserved; fi
  if [ "$state" != 'as written' ]; then repairs=$(( \${repairs:-0} + 1 ))
  # A link that was turned to another file: a number that says which one, so that the file is deployed.
  elif [ -L "$2" ] && [ ! -f "$3.zot-auth" ]; then repairs=$(printf '%s' "$3" | cksum | cut -d ' ' -f 1); fi
  printf '%s_state=%s\\n%s_repairs=%s\\n%s_hash=%s\\n' "$1" "$state" "$1" "\${repairs:-0}" "$1" "$now"
  if [ -n "$written" ]; then printf '%s_written=%s\\n%s_place=%s\\n%s_number=%s\\n' "$1" "$written" "$1" "$(field "$3.zot-auth" place)" "$1" "$(field "$3.zot-auth" number)"; fi
  original=
  if [ ! -f "$3.zot-auth" ]; then original=$2; elif [ -z "$written" ]; then original=$3.before-zot-auth; fi
  if [ ! -f "$original" ]; then original=; else printf '%s_by_hand=yes\\n' "$1"; fi
}
value() { tr -d '\\n' < "$1" 2>/dev/null | sed -n 's/.*"'"$2"'"[[:space:]]*:[[:space:]]*"\\([^"]*\\)".*/\\1/p'; }
# Of a run that was killed after it had written the file, the copy is the one that zot was started with.
credentials_by_hand() {
  if [ -f "$1.before-zot-auth" ]; then original=$1.before-zot-auth; fi
  if [ -z "$original" ]; then return; fi
  id=$(value "$original" '[cC][lL][iI][eE][nN][tT][iI][dD]')
  printf 'client_id=%s\\ncredentials_print=%s\\n' "$id" "$(printf '{\\n  "clientid": "%s",\\n  "clientsecret": "%s"\\n}\\n' "$id" "$(value "$original" '[cC][lL][iI][eE][nN][tT][sS][eE][cC][rR][eE][tT]')" | digest)"
}
service_by_hand() {
  if [ -z "$original" ] || grep -q -F ${quote(WRITTEN_BY)} "$original"; then return; fi
  printf 'service_sets=%s\\n' "$(sed -n -e 's/^[[:space:]]*\\([A-Z][A-Za-z]*\\)=.*/\\1/p' -e 's/.*<key>\\([^<]*\\)<.*/\\1/p' "$original" | sort -u | tr '\\n' ' ')"
}
# Without these nobody can ask, and a deployment fails.
serves() {
  if ! command -v curl >/dev/null 2>&1 && ! command -v wget >/dev/null 2>&1; then return 0; fi
  listen_as "$config"; within ${RESTART_SECONDS} ready
}
config=${quote(configFile)}; credentials=${quote(credentialsFile)}
for file in "$config" "$credentials"; do
  if ! through "$file" >/dev/null 2>&1; then printf 'problem=%s is a symbolic link that leads back to itself.\\n' "$file"; fi
done
config_stem=$(stem "$config")
${ROLE}
free_for() {
  is=$(role "$(stem "$2")")
  if [ -z "$is" ] || [ "$is" = "$1" ]; then return 0; fi
  printf 'conflict=%s: got "%s", where the file of %s is. Move that one in an update of its own first. If no stack has it any more, remove it, and %s.zot-auth beside it.\n' "$1" "$2" "$is" "$2"
}
free_for registry.configFile "$config"
free_for registry.credentialsFile "$credentials"
${sessionKeysFile === undefined ? "" : `free_for zot.auth.sessionKeysFile ${quote(sessionKeysFile)}`}
${serviceFile === undefined ? "" : `free_for registry.serviceFile ${homePath(serviceFile)}`}
${serviceFile === undefined || manager === undefined ? "" : secondService(manager, serviceFile)}
facts config "$config" "$config_stem"
found=$config
if [ -f "$config_stem.zot-auth" ] && [ -z "$(field "$config_stem.zot-auth" written)" ]; then found=$original; fi
if [ -f "$config" ] && [ ! -r "$config" ]; then printf 'problem=%s cannot be read (setting registry.configFile).\\n' "$config"; fi
if [ -n "$(field "$config_stem.zot-auth" written)" ]; then printf 'start=%s\\n' "$(field "$config_stem.zot-auth" start)"; fi
facts credentials "$credentials" "$(stem "$credentials")"
credentials_by_hand "$(stem "$credentials")"
${sessionKeysFile === undefined ? "" : `keys=${quote(sessionKeysFile)}; facts sessionKeys "$keys" "$(stem "$keys")"`}
${serviceFile === undefined ? "" : `facts service ${homePath(serviceFile)} "$config_stem.service"; service_by_hand`}
record=$config_stem.service.zot-auth
if [ -n "$(field "$record" kind)" ]; then
  original=no; if [ -f "$config_stem.service.before-zot-auth" ]; then original=yes; fi
  printf 'recorded_service=%s:%s\\nrecorded_file=%s\\nrecorded_original=%s\\n' "$(field "$record" kind)" "$(field "$record" unit)" "$(field "$record" file)" "$original"
fi
printf ${quote(CONFIG_FOLLOWS.replaceAll("\n", "\\n"))}
if [ -f "$found" ]; then cat "$found" 2>/dev/null || :; fi`;
}

/** The deployment refuses it, too: in between, the host may have changed. */
function secondService(manager: ServiceManager, serviceFile: string): string {
  return `( ${managerFunctions({ manager, logs: [] })}
definition=${homePath(serviceFile)}; config=$config_stem
${SECOND_SERVICE}
second=$(second_service); if [ -n "$second" ]; then printf 'conflict=%s\n' "$second"; fi )`;
}

/** A shell word for a path on the host, whose home folder is unknown here. */
function homePath(path: string): string {
  return path.startsWith("~/") ? `"$HOME"/${quote(path.slice(2))}` : quote(path);
}
