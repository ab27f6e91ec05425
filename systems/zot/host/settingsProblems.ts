import type { SettingsProblem } from "../../../core/settings/problem.ts";
import type { ZotSettings } from "../config/settings.ts";
import type { RegistrySettings } from "./settings.ts";

/** Paths that collide, or that would be resolved somewhere unknown on a remote host. */
export function* pathProblems(registry: RegistrySettings, zot: ZotSettings): Generator<SettingsProblem> {
  if (registry.configFile === registry.credentialsFile) {
    yield {
      path: "registry.credentialsFile",
      message: `got "${registry.credentialsFile}", which is also registry.configFile. Use a different file.`,
    };
  }
  if (registry.host === "local") return;
  for (const [path, value] of pathsOf(registry, zot)) {
    if (value === undefined || value.startsWith("/")) continue;
    yield { path, message: `got "${value}"; must be an absolute path on ${registry.host}.` };
  }
}

function pathsOf(registry: RegistrySettings, zot: ZotSettings): readonly (readonly [string, string | undefined])[] {
  return [
    ["registry.configFile", registry.configFile],
    ["registry.credentialsFile", registry.credentialsFile],
    ["registry.dataDirectory", registry.dataDirectory],
    ["registry.serviceFile", registry.serviceFile],
    ["registry.serviceLog", registry.serviceLog],
    ["zot.http.tls.cert", zot.http.tls?.cert],
    ["zot.http.tls.key", zot.http.tls?.key],
    ["zot.http.tls.caCert", zot.http.tls?.caCert],
    ["zot.auth.sessionKeysFile", zot.auth.sessionKeysFile],
    ["zot.log.output", zot.log.output],
    ["zot.log.audit", zot.log.audit],
    ["zot.sync.credentialsFile", zot.sync.credentialsFile],
    ["zot.sync.downloadDir", zot.sync.downloadDir],
    ...registry.pullThrough.map(({ certDir }, index) => [`registry.pullThrough.${index}.certDir`, certDir] as const),
    ...Object.entries(zot.storage.subPaths).map(
      ([path, sub]) => [`zot.storage.subPaths.${path}.dataDirectory`, sub.dataDirectory] as const,
    ),
  ];
}
