import { ZotAuthError } from "../../../core/errors.ts";
import { quote } from "./shell/shell.ts";
import { OLDEST_SUPPORTED, parseZotVersion } from "../version.ts";
import type { ZotVersion } from "../version.ts";
import type { NeededFile } from "../config/checks/neededFiles.ts";
import type { HostFiles } from "./files/files.ts";
import { answeringFunctions } from "./deploy/answering.ts";
import { FUNCTIONS } from "./files/functions.ts";
import { ROLE } from "./files/role.ts";
import { managerFunctions } from "./service/manager.ts";
import { SECOND_SERVICE } from "./service/ourOtherService.ts";
import { WRITTEN_BY } from "./service/service.ts";
import type { ServiceManager } from "./service/service.ts";

/** The state of a file that we write, from its record and its content. */
export interface WrittenFile {
  /** How often hand edits were repaired, including a pending repair: a new number causes an update. */
  readonly repairs: number;
  /** `edited`: changed by hand since we wrote it. `interrupted`: a deployment did not finish. `unserved`: zot's config is as written, and no zot serves. */
  readonly state: "as written" | "edited" | "interrupted" | "unserved";
}

/** The service file that we wrote last, from its record. */
export interface RecordedService {
  /** As in the settings: `systemd-user:zot`. */
  readonly service: string;
  readonly file: string;
  /** Whether there was one before ours. */
  readonly original: boolean;
}

/** What decides, beside the new config, whether zot must be restarted. A file that does not exist has the hash `none`. */
export interface DeployedZot {
  /** The text of the config file or, until the first deployment is complete, of the original; empty if there is none. */
  readonly configText: string;
  /** SHA-256 (hex) of our credentials file with the client ID and secret that are in the one made by hand; empty if none is known. */
  readonly credentialsByHand: string;
  /** What zot was started with, from the record of the last completed deployment; empty if there was none. */
  readonly start: string;
  /** SHA-256 (hex). */
  readonly hashes: Readonly<Record<"config" | "service" | "sessionKeys", string>>;
  /** What the records of completed deployments say; a file without one is absent. */
  readonly recorded?: Readonly<Partial<Record<RecordedName, RecordedFile>>>;
}

export type RecordedName = "config" | "credentials" | "service" | "sessionKeys";

/** A file that we wrote, from its record. */
export interface RecordedFile {
  /** SHA-256 (hex). */
  readonly hash: string;
  /** The host and the path that the settings named then: `local:/etc/zot/config.json`. Empty in a record of an earlier version. */
  readonly place: string;
  /** The deployment's number (deploy/number.ts); 0 in a record of an earlier version. */
  readonly number: number;
}

/** Files without a record of ours: made by hand. Until the first deployment is complete, that is the original, of which a copy is kept. */
export interface FilesByHand {
  readonly config: boolean;
  readonly sessionKeys: boolean;
  /** The client ID in the credentials file; empty if it names none. `undefined`: there is no such file. */
  readonly credentials: { readonly clientId: string } | undefined;
  /** The names of what the service file sets: `Environment`, or `EnvironmentVariables` in a plist. `undefined`: there is no such file. */
  readonly service: readonly string[] | undefined;
}

/** What the host reports before anything is changed. */
export interface HostFacts {
  readonly version: ZotVersion;
  /** The zot executable, as an absolute path. */
  readonly binary: string;
  /** The home folder of the user who deploys. */
  readonly home: string;
  /** The owner of zot's data, or the user who deploys if there is no data yet. */
  readonly owner: string;
  readonly config: WrittenFile;
  readonly credentials: WrittenFile;
  readonly service: WrittenFile;
  readonly sessionKeys: WrittenFile;
  /** `undefined` if there is none. */
  readonly recordedService?: RecordedService | undefined;
  /** The output of `zot schema`; `undefined` if it was not asked for, or the release has no such command (2.1.16 and later do). */
  readonly schema?: string | undefined;
  /** `undefined` if the host could not be asked. */
  readonly deployed: DeployedZot | undefined;
  /** Absent if the host could not be asked. */
  readonly byHand?: FilesByHand | undefined;
}

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
const CONFIG_FOLLOWS = "config:\n";

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

/**
 * Reads what {@link factsScript} printed.
 *
 * @throws ZotAuthError `ZOT_BINARY_MISSING`, `ZOT_VERSION_UNREADABLE`, `HOST_FILES_WRONG`, `TWO_UPDATES_NEEDED`
 */
export function parseFacts(output: string, host: string): HostFacts {
  const end = output.indexOf(`\n${CONFIG_FOLLOWS}`);
  const printed = end < 0 ? output : output.slice(0, end);
  const facts = new Map(
    printed.split("\n").map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
  );
  const missing = facts.get("missing");
  if (missing !== undefined) {
    throw new ZotAuthError(
      "ZOT_BINARY_MISSING",
      `zot does not exist at "${missing}" on ${host} (setting registry.binary). Install it there, or correct the setting.`,
    );
  }
  const problems = printed.split("\n").filter((line) => line.startsWith("problem="));
  if (problems.length > 0) {
    const list = problems.map((line) => line.slice("problem=".length)).join("\n");
    throw new ZotAuthError(
      "HOST_FILES_WRONG",
      `${host} lacks what zot's config needs. Nothing was changed. Provide the following, or correct the settings:\n${list}`,
    );
  }
  const conflicts = printed.split("\n").filter((line) => line.startsWith("conflict="));
  if (conflicts.length > 0) {
    const list = conflicts.map((line) => line.slice("conflict=".length)).join("\n");
    throw new ZotAuthError(
      "TWO_UPDATES_NEEDED",
      `${host} keeps things that change one after the other only. Nothing was changed.\n${list}`,
    );
  }
  const said = facts.get("version") ?? printed;
  const version = parseZotVersion(said) ?? parseZotVersion(releaseTag(facts.get("running") ?? ""));
  if (version === undefined) {
    throw new ZotAuthError(
      "ZOT_VERSION_UNREADABLE",
      `The version of zot on ${host} is unknown: the binary (setting registry.binary) prints "${said.trim().slice(0, 200)}", and no running zot reports it at /v2/_zot/ext/mgmt. It must be a release of zot ${OLDEST_SUPPORTED} or later.`,
    );
  }
  const file = (name: string): WrittenFile => ({
    repairs: Number(facts.get(`${name}_repairs`) ?? 0),
    state: stateOf(facts.get(`${name}_state`)),
  });
  const hash = (name: string): string => facts.get(`${name}_hash`) ?? "none";
  return {
    version,
    binary: facts.get("binary") ?? "",
    home: facts.get("home") ?? "",
    owner: facts.get("owner") ?? "",
    config: file("config"),
    credentials: file("credentials"),
    service: file("service"),
    sessionKeys: file("sessionKeys"),
    recordedService: recordedService(facts),
    schema: facts.get("schema")?.startsWith("{") === true ? facts.get("schema") : undefined,
    deployed: {
      configText: end < 0 ? "" : output.slice(end + 1 + CONFIG_FOLLOWS.length),
      start: facts.get("start") ?? "",
      credentialsByHand: facts.get("credentials_print") ?? "",
      hashes: { config: hash("config"), service: hash("service"), sessionKeys: hash("sessionKeys") },
      recorded: recordedFiles(facts),
    },
    byHand: {
      config: facts.has("config_by_hand"),
      sessionKeys: facts.has("sessionKeys_by_hand"),
      credentials: facts.has("credentials_by_hand") ? { clientId: facts.get("client_id") ?? "" } : undefined,
      service: facts
        .get("service_sets")
        ?.split(" ")
        .filter((name) => name !== ""),
    },
  };
}

function recordedFiles(facts: ReadonlyMap<string, string>): NonNullable<DeployedZot["recorded"]> {
  const names = ["config", "credentials", "service", "sessionKeys"] as const;
  return Object.fromEntries(
    names.flatMap((name) => {
      const hash = facts.get(`${name}_written`);
      if (hash === undefined) return [];
      return [
        [name, { hash, place: facts.get(`${name}_place`) ?? "", number: Number(facts.get(`${name}_number`) ?? 0) }],
      ];
    }),
  );
}

function recordedService(facts: ReadonlyMap<string, string>): RecordedService | undefined {
  const service = facts.get("recorded_service");
  if (service === undefined) return undefined;
  return { service, file: facts.get("recorded_file") ?? "", original: facts.get("recorded_original") === "yes" };
}

/** The release that a running zot reports. It may be older than the binary, so the binary is asked first. */
function releaseTag(answer: string): string {
  return /"releaseTag"\s*:\s*"([^"]*)"/.exec(answer)?.[1] ?? "";
}

function stateOf(text: string | undefined): WrittenFile["state"] {
  return text === "edited" || text === "interrupted" || text === "unserved" ? text : "as written";
}

/** A shell word for a path on the host, whose home folder is unknown here. */
function homePath(path: string): string {
  return path.startsWith("~/") ? `"$HOME"/${quote(path.slice(2))}` : quote(path);
}
