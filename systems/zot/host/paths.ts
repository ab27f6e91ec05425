import { resolve } from "node:path";
import { assertPlainPath } from "./files/files.ts";
import type { HostFiles } from "./files/files.ts";
import type { Settings } from "../../../settings/schema.ts";
import type { HostPaths } from "../config/config.ts";

/**
 * Where zot's files are. On this machine relative paths count from the project's folder; on another they are absolute (the settings see to that).
 *
 * @throws ZotAuthError `PATH_UNSUPPORTED`
 */
export function filesOnHost(registry: Settings["registry"]): HostFiles & Required<HostPaths> {
  const locate = (path: string): string => (registry.host === "local" ? resolve(path) : path);
  const { binary, configFile, credentialsFile, dataDirectory, serviceFile, serviceLog } = registry;
  for (const [name, path] of Object.entries({
    binary,
    configFile,
    credentialsFile,
    dataDirectory,
    serviceFile,
    serviceLog,
  })) {
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
