import { isObject } from "../../../../core/json.ts";

/** A file or folder on the host that zot reads and this program does not write. */
export interface NeededFile {
  /** The setting that names it. */
  readonly setting: string;
  readonly path: string;
}

/** Where zot's config names such files, in lower case. `*` is any key or list entry. Without a setting, only `zot.extra` can name it. */
const PLACES: readonly (readonly [path: string, setting?: string])[] = [
  ["http.tls.cert", "zot.http.tls.cert"],
  ["http.tls.key", "zot.http.tls.key"],
  ["http.tls.cacert", "zot.http.tls.caCert"],
  ["http.auth.htpasswd.path"],
  ["http.auth.ldap.credentialsfile"],
  ["http.auth.ldap.cacert"],
  ["http.auth.openid.providers.*.keypath"],
  ["extensions.sync.credentialsfile", "zot.sync.credentialsFile"],
  ["extensions.sync.registries.*.certdir", "registry.pullThrough[].certDir"],
  ["extensions.events.sinks.*.credentials.file"],
  ["extensions.events.sinks.*.tlsconfig.cacertfile"],
  ["extensions.events.sinks.*.tlsconfig.certfile"],
  ["extensions.events.sinks.*.tlsconfig.keyfile"],
  ["cluster.tls.cert"],
  ["cluster.tls.key"],
  ["cluster.tls.cacert"],
];

/** The files that a config needs besides those that this program writes. `zot verify` does not check most of them. */
export function neededFiles(config: unknown): readonly NeededFile[] {
  return PLACES.flatMap(([place, setting = `zot.extra.${place}`]) =>
    textsAt(config, place.split(".")).map((path) => ({ setting, path })),
  );
}

function textsAt(value: unknown, [key, ...rest]: readonly string[]): readonly string[] {
  if (key === undefined) return typeof value === "string" && value !== "" ? [value] : [];
  const entries = Array.isArray(value) ? [...value.entries()] : isObject(value) ? Object.entries(value) : [];
  return entries.flatMap(([name, inner]) =>
    key === "*" || String(name).toLowerCase() === key ? textsAt(inner, rest) : [],
  );
}
