import { isObject, string } from "../../../core/json.ts";
import { objectAt, valueAt } from "../config/anyCase.ts";

/**
 * The ways to sign in that a config has and another one lacks, in zot's own names. Another file with passwords, another directory or another CA has other accounts;
 * another issuer on the same server has the same.
 */
export function removedSignIns(before: unknown, after: unknown): readonly string[] {
  const kept = new Map(signIns(after));
  return signIns(before).flatMap(([name, accounts]) => (kept.get(name) === accounts ? [] : [name]));
}

/** Whether the config knows any account. Without, everyone may do everything, or what `anonymousPolicy` says. */
export function knowsAccounts(config: unknown): boolean {
  return signIns(config).length > 0;
}

/** Each with what its accounts depend on. */
function signIns(config: unknown): readonly (readonly [string, string])[] {
  const http = objectAt(config, "http");
  const auth = objectAt(http, "auth");
  const found: [string, string][] = [];
  const htpasswd = string(valueAt(auth, "htpasswd", "path"));
  if (htpasswd !== "") found.push(["http.auth.htpasswd", htpasswd]);
  const ldap = objectAt(auth, "ldap");
  if (string(valueAt(ldap, "address")) !== "") {
    const accounts = ["address", "port", "baseDN", "userFilter", "userAttribute"].map((key) => valueAt(ldap, key));
    found.push(["http.auth.ldap", JSON.stringify(accounts)]);
  }
  for (const [name, provider] of Object.entries(objectAt(auth, "openid", "providers"))) {
    found.push([`http.auth.openid.providers.${name.toLowerCase()}`, serverOf(string(valueAt(provider, "issuer")))]);
  }
  const bearer = valueAt(auth, "bearer");
  if (isObject(bearer) && Object.keys(bearer).length > 0) found.push(["http.auth.bearer", JSON.stringify(bearer)]);
  const clientCa = string(valueAt(http, "tls", "caCert"));
  if (clientCa !== "") found.push(["http.tls.caCert", clientCa]);
  return found;
}

function serverOf(issuer: string): string {
  return URL.canParse(issuer) ? new URL(issuer).host : issuer;
}
