import { valueAt } from "../../config/syntax/anyCase.ts";
import { ZotAuthError } from "../../../../core/errors.ts";

/** What a deployment needs from the config that it deploys. */
export interface ServedConfig {
  /** zot's address on its own host: `http://127.0.0.1:5000`. The scheme is that of its listener, not of a proxy in front of it. */
  readonly origin: string;
  readonly dataDirectory: string;
  /** The OIDC credentials file, and the issuer: zot does not start unless the issuer answers. */
  readonly credentialsFile: string;
  readonly issuer: string;
  /** zot's address for browsers; `undefined` if the config has none. */
  readonly externalUrl: string | undefined;
  /** Whether it has `http.auth.bearer`. */
  readonly bearer: boolean;
  /** The file that zot logs into; `undefined`: its standard output. */
  readonly log: string | undefined;
}

/**
 * Reads what a deployment needs from zot's config.
 *
 * @param config the config as zot's file has it
 * @throws ZotAuthError `ZOT_CONFIG_INCOMPLETE` with the keys that are missing
 */
export function readServedConfig(config: unknown): ServedConfig {
  const missing: string[] = [];
  const required = (...path: readonly string[]): string => {
    const value = valueAt(config, ...path);
    if (typeof value === "string" && value !== "") return value;
    missing.push(path.join("."));
    return "";
  };
  const oidc = ["http", "auth", "openid", "providers", "oidc"];
  const port = valueAt(config, "http", "port");
  const log = valueAt(config, "log", "output");
  const externalUrl = valueAt(config, "http", "externalUrl");
  const served = {
    origin: originOf(config, typeof port === "number" ? port : required("http", "port")),
    dataDirectory: required("storage", "rootDirectory"),
    credentialsFile: required(...oidc, "credentialsFile"),
    issuer: required(...oidc, "issuer"),
    externalUrl: typeof externalUrl === "string" && externalUrl !== "" ? externalUrl : undefined,
    bearer: valueAt(config, "http", "auth", "bearer") !== undefined,
    log: typeof log === "string" && log !== "" ? log : undefined,
  };
  if (missing.length > 0) {
    const them = missing.length === 1 ? "it" : "them";
    throw new ZotAuthError(
      "ZOT_CONFIG_INCOMPLETE",
      `zot's config lacks ${new Intl.ListFormat("en-GB").format(missing)}.\nAdd ${them}: a deployment needs ${them}.`,
    );
  }
  return served;
}

/** zot's address on its own host, by its config. */
export function originOf(config: unknown, port: string | number): string {
  const address = valueAt(config, "http", "address");
  const scheme = valueAt(config, "http", "tls") === undefined ? "http" : "https";
  return `${scheme}://${loopback(typeof address === "string" ? address : "")}:${port}`;
}

/** The address at which the host itself reaches a server. */
function loopback(address: string): string {
  if (address === "::") return "[::1]";
  if (address === "0.0.0.0" || address === "") return "127.0.0.1";
  return address.includes(":") ? `[${address}]` : address;
}
