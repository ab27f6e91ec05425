import { isDeepStrictEqual } from "node:util";
import { isObject, string } from "../../../core/json.ts";
import { removedClaims } from "./claims.ts";
import { objectAt, valueAt } from "../config/syntax/anyCase.ts";

/**
 * The ways to sign in that a config has and another one lacks, in zot's own names. Another file with passwords, another directory or another CA has other accounts;
 * another issuer on the same server has the same.
 */
export function removedSignIns(before: unknown, after: unknown): readonly string[] {
  const kept = new Map(signIns(after));
  return signIns(before).flatMap(([name, accounts]) =>
    isDeepStrictEqual(kept.get(name), accounts) ? removedClaims(name, before, after) : [name],
  );
}

/** Whether the config knows any account. Without, everyone may do everything, or what `anonymousPolicy` says. */
export function knowsAccounts(config: unknown): boolean {
  return signIns(config).length > 0;
}

/** Each with what its accounts depend on. */
function signIns(config: unknown): readonly (readonly [string, unknown])[] {
  const http = objectAt(config, "http");
  const auth = objectAt(http, "auth");
  const found: [string, unknown][] = [];
  const htpasswd = string(valueAt(auth, "htpasswd", "path"));
  if (htpasswd !== "") found.push(["http.auth.htpasswd", htpasswd]);
  const ldap = objectAt(auth, "ldap");
  if (string(valueAt(ldap, "address")) !== "") {
    found.push(["http.auth.ldap", LDAP_ACCOUNTS.map((key) => valueAt(ldap, key))]);
  }
  for (const [name, provider] of Object.entries(objectAt(auth, "openid", "providers"))) {
    found.push([`http.auth.openid.providers.${name.toLowerCase()}`, serverOf(string(valueAt(provider, "issuer")))]);
  }
  const bearer = valueAt(auth, "bearer");
  if (isObject(bearer) && Object.keys(bearer).length > 0) found.push(["http.auth.bearer", anyCase(bearer)]);
  const clientCa = string(valueAt(http, "tls", "caCert"));
  // What zot calls a client depends on the certificate's parts that `mtls` names.
  if (clientCa !== "") found.push(["http.tls.caCert", [clientCa, anyCase(objectAt(auth, "mtls"))]]);
  return found;
}

/** What decides who has an account, what it is called, and its groups. */
const LDAP_ACCOUNTS = [
  "address",
  "port",
  "baseDN",
  "userFilter",
  "userAttribute",
  "userGroupAttribute",
  "subtreeSearch",
];

/** With every key in lower case. */
function anyCase(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(anyCase);
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key.toLowerCase(), anyCase(inner)]));
}

function serverOf(issuer: string): string {
  return URL.canParse(issuer) ? new URL(issuer).host : issuer;
}
