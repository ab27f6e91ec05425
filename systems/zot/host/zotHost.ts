import { resolve } from "node:path";
import type { Duration } from "../../../core/time/duration.ts";
import { assertPlainPath } from "./files/files.ts";
import type { HostFiles } from "./files/files.ts";

/** How zot runs as a service, and how it is restarted: either `service` or `restartCommand`. */
export interface ZotService {
  /**
   * The service manager that runs zot, and the service's name: `launchd:<label>` (a LaunchAgent), `systemd:<unit>` (a system unit, with `sudo -n`
   * unless you are root) or `systemd-user:<unit>`. Default: `restartCommand` is used.
   */
  readonly service?: string | undefined;
  /** Whether to write the LaunchAgent's plist or the unit file too. Default: no. A change of that file restarts zot; `destroy` restores the original. */
  readonly manageService?: boolean | undefined;
  /** Path of the plist or unit file. Default: the service manager's own place for it. */
  readonly serviceFile?: string | undefined;
  /** The file that zot's output goes to under launchd. Default: `~/Library/Logs/<label>.log`. */
  readonly serviceLog?: string | undefined;
  /** A shell command on the host that restarts zot, required without `service`. Default: none. */
  readonly restartCommand?: string | undefined;
}

/** Where zot runs. */
export interface ZotHost extends ZotService {
  /** `local`, or `ssh:<destination>`, using your own `ssh` with its config, agent and known_hosts. */
  readonly host: string;
  /** The zot executable on that host: a path, or a name on its PATH. */
  readonly binary: string;
  /** The config file that zot serves. Absolute on an ssh host. */
  readonly configFile: string;
  /**
   * A file on the host with the keys that protect sessions, the same as zot's `http.auth.sessionKeysFile`. It is generated if it does not exist;
   * the keys never leave the host. Default: no such file is managed.
   */
  readonly sessionKeysFile?: string | undefined;
}

/** How long zot may take. */
export interface ZotTimeouts {
  /** How long zot may take to serve a new config. Then the previous config is restored. */
  readonly readyTimeout: Duration;
}

/** The paths that a deployment works with, as settings or arguments name them. */
export type PathsOnHost = Pick<ZotHost, "host" | "binary" | "configFile" | "serviceFile" | "serviceLog"> &
  Pick<HostFiles, "credentialsFile" | "dataDirectory">;

/** The files of {@link HostFiles}, and a function that turns any other path into the host's. */
export interface LocatedFiles extends HostFiles {
  locate(path: string): string;
}

/**
 * Turns paths into the host's. On this machine relative paths start at the project's folder; on an ssh host paths are absolute.
 *
 * @throws ZotAuthError `PATH_UNSUPPORTED`
 */
export function filesOnHost(paths: PathsOnHost): LocatedFiles {
  const { host, binary, configFile, credentialsFile, dataDirectory, serviceFile, serviceLog } = paths;
  const locate = (path: string): string => (host === "local" ? resolve(path) : path);
  const named = { binary, configFile, credentialsFile, dataDirectory, serviceFile, serviceLog };
  for (const [name, path] of Object.entries(named)) {
    if (path !== undefined) assertPlainPath(`registry.${name}`, path);
  }
  return {
    binary: binary.includes("/") ? locate(binary) : binary,
    configFile: locate(configFile),
    credentialsFile: locate(credentialsFile),
    dataDirectory: locate(dataDirectory),
    locate,
  };
}
