import { ZotAuthError } from "../../../core/errors.ts";
import { quote } from "./shell.ts";
import { OLDEST_SUPPORTED, parseZotVersion } from "../version.ts";
import type { ZotVersion } from "../version.ts";
import type { NeededFile } from "../config/neededFiles.ts";
import type { HostFiles } from "./files/files.ts";
import { FUNCTIONS } from "./files/functions.ts";

/** A file of ours on the host, as its record and the file itself tell. */
export interface WrittenFile {
  /** How often hand edits were repaired, counting the one that is due now: a new number makes an update. */
  readonly repairs: number;
  /** `edited`: somebody changed it since we wrote it. `cut off`: a deployment did not come to its end. */
  readonly state: "as written" | "edited" | "cut off";
}

/** What the host says of itself before anything is changed. */
export interface HostFacts {
  readonly version: ZotVersion;
  /** The zot executable, as an absolute path. */
  readonly binary: string;
  /** The home folder of the user who deploys. */
  readonly home: string;
  /** Who owns zot's data, or, where there is none yet, the user who deploys. */
  readonly owner: string;
  readonly config: WrittenFile;
  readonly credentials: WrittenFile;
  readonly service: WrittenFile;
  readonly sessionKeys: WrittenFile;
}

/** What {@link factsScript} looks at. */
export interface FactsQuestion extends HostFiles {
  /** The managed plist or unit file. `~/` at its beginning is the home folder on the host. */
  readonly serviceFile?: string;
  readonly sessionKeysFile?: string;
  /** zot's address as its own host sees it: a binary that was built without a version is asked while it runs. */
  readonly origin: string;
  /** What zot reads and this program does not write. */
  readonly needed?: readonly NeededFile[];
}

/** Prints what {@link parseFacts} reads. It changes nothing. */
export function factsScript({
  binary,
  configFile,
  credentialsFile,
  dataDirectory,
  serviceFile,
  sessionKeysFile,
  origin,
  needed = [],
}: FactsQuestion): string {
  return `${FUNCTIONS}
zot=${quote(binary)}; data=${quote(dataDirectory)}
if ! path=$(command -v "$zot"); then printf 'missing=%s\\n' "$zot"; exit 0; fi
version=$("$zot" --version 2>&1 | tr '\\n' ' ') || :
printf 'version=%s\\nbinary=%s\\nhome=%s\\n' "$version" "$path" "$HOME"
case $version in
  *v[0-9]*.[0-9]*.[0-9]*) ;;
  *) printf 'running='; body ${quote(`${origin}/v2/_zot/ext/mgmt`)} 2>/dev/null | tr '\\n' ' ' || :; echo ;;
esac
needs() { if [ ! -e "$2" ]; then printf 'problem=There is no %s (setting %s).\\n' "$2" "$1"; fi; }
${needed.map(({ setting, path }) => `needs ${quote(setting)} ${quote(path)}`).join("\n")}
if [ -e "$data" ] && [ ! -d "$data" ]; then printf 'problem=%s is no folder (setting registry.dataDirectory).\\n' "$data"
elif [ -d "$data" ] && [ -O "$data" ] && [ ! -w "$data" ]; then printf 'problem=%s cannot be written (setting registry.dataDirectory).\\n' "$data"; fi
if [ -d "$data" ]; then printf 'owner=%s\\n' "$(ls -ld "$data" | awk '{print $3}')"; else printf 'owner=%s\\n' "$(id -un)"; fi
facts() {
  repairs=$(field "$3.zot-auth" repairs); written=$(field "$3.zot-auth" written); now=none; state='as written'
  if [ -f "$2" ]; then now=$(sum "$2"); fi
  if [ "$(field "$3.zot-auth" state)" = pending ]; then state='cut off'
  elif [ -n "$written" ] && [ "$written" != "$now" ]; then state=edited; fi
  if [ "$state" != 'as written' ]; then repairs=$(( \${repairs:-0} + 1 )); fi
  printf '%s_state=%s\\n%s_repairs=%s\\n' "$1" "$state" "$1" "\${repairs:-0}"
}
config=${quote(configFile)}; credentials=${quote(credentialsFile)}
facts config "$config" "$config"
facts credentials "$credentials" "$credentials"
${sessionKeysFile === undefined ? "" : `keys=${quote(sessionKeysFile)}; facts sessionKeys "$keys" "$keys"`}
${serviceFile === undefined ? "" : `facts service ${homePath(serviceFile)} "$config.service"`}`;
}

/** Reads what {@link factsScript} printed. @throws ZotAuthError `ZOT_BINARY_MISSING`, `ZOT_VERSION_UNREADABLE`, `HOST_FILES_WRONG` */
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
  const problems = printed.split("\n").filter((line) => line.startsWith("problem="));
  if (problems.length > 0) {
    const list = problems.map((line) => line.slice("problem=".length)).join("\n");
    throw new ZotAuthError(
      "HOST_FILES_WRONG",
      `On ${host}, zot would not find what its config names. Nothing was changed. Put it there, or correct the settings:\n${list}`,
    );
  }
  const said = facts.get("version") ?? printed;
  const version = parseZotVersion(said) ?? parseZotVersion(releaseTag(facts.get("running") ?? ""));
  if (version === undefined) {
    throw new ZotAuthError(
      "ZOT_VERSION_UNREADABLE",
      `The zot on ${host} does not tell its version: neither does the binary (setting registry.binary), which says "${said.trim().slice(0, 200)}", nor a running zot at /v2/_zot/ext/mgmt. It has to be zot ${OLDEST_SUPPORTED} or later, as released.`,
    );
  }
  const file = (name: string): WrittenFile => ({
    repairs: Number(facts.get(`${name}_repairs`) ?? 0),
    state: stateOf(facts.get(`${name}_state`)),
  });
  return {
    version,
    binary: facts.get("binary") ?? "",
    home: facts.get("home") ?? "",
    owner: facts.get("owner") ?? "",
    config: file("config"),
    credentials: file("credentials"),
    service: file("service"),
    sessionKeys: file("sessionKeys"),
  };
}

/** The release that a running zot names. The one that runs may be older than the binary, so the binary is asked first. */
function releaseTag(answer: string): string {
  return /"releaseTag"\s*:\s*"([^"]*)"/.exec(answer)?.[1] ?? "";
}

function stateOf(text: string | undefined): WrittenFile["state"] {
  return text === "edited" || text === "cut off" ? text : "as written";
}

/** A word of the shell for a path on the host, whose home folder is not known here. */
function homePath(path: string): string {
  return path.startsWith("~/") ? `"$HOME"/${quote(path.slice(2))}` : quote(path);
}
