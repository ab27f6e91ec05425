import { posix } from "node:path";
import type { SettingsProblem } from "../../../core/settings/problem.ts";
import type { ZotSettings } from "../config/settings.ts";
import type { RegistrySettings } from "./settings.ts";

/** Paths that collide, or that would be resolved somewhere unknown on a remote host. */
export function* pathProblems(registry: RegistrySettings, zot: ZotSettings): Generator<SettingsProblem> {
  const paths = pathsOf(registry, zot);
  for (const [index, [path, value]] of paths.entries()) {
    const taken = paths
      .slice(0, index)
      .find(([other, file]) => isOneFile(value, file) && WRITTEN.some((written) => [path, other].includes(written)));
    if (taken === undefined) continue;
    yield { path, message: `got "${value}", which is also ${taken[0]}. Use a different file.` };
  }
  if (registry.host === "local") return;
  for (const [path, value] of paths) {
    if (value === undefined || value.startsWith("/")) continue;
    yield { path, message: `got "${value}"; must be an absolute path on ${registry.host}.` };
  }
}

/** The files that `up` writes, each as a whole: whatever else is in one would be lost. */
const WRITTEN = ["registry.configFile", "registry.credentialsFile", "registry.serviceFile", "zot.auth.sessionKeysFile"];

/** Whether two paths name one file, whatever its spelling; links are not followed. */
function isOneFile(one: string | undefined, other: string | undefined): boolean {
  return one !== undefined && other !== undefined && posix.normalize(one) === posix.normalize(other);
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
