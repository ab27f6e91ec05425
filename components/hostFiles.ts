import { resolve } from "node:path";
import type { HostFiles } from "../domain/hostScripts.ts";
import type { Settings } from "../domain/settings/schema.ts";
import type { HostPaths } from "../domain/zotConfig.ts";

/** Where zot's files are. On this machine relative paths count from the project's folder; on another they are absolute (the settings see to that). */
export function filesOnHost(registry: Settings["registry"]): HostFiles & HostPaths {
  const absolute = (path: string): string => (registry.host === "local" ? resolve(path) : path);
  return {
    binary: registry.binary.includes("/") ? absolute(registry.binary) : registry.binary,
    configFile: absolute(registry.configFile),
    credentialsFile: absolute(registry.credentialsFile),
    dataDirectory: absolute(registry.dataDirectory),
  };
}
