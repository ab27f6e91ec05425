import { ZotAuthError, messageOf } from "../errors.ts";
import { at } from "../json.ts";
import type { Endpoint } from "./http.ts";

/** No CA that this process trusts has signed the certificate. */
const UNTRUSTED: readonly unknown[] = [
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "CERT_UNTRUSTED",
];

/** The certificate is not valid now, or not for this server. */
const INVALID: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: "has expired. Renew it",
  CERT_NOT_YET_VALID: "is not valid yet. Check the clocks of both machines",
  CERT_REVOKED: "was revoked. Replace it",
  ERR_TLS_CERT_ALTNAME_INVALID: "is for another name",
};

/** What a server speaks that does not understand TLS, or another version of it. */
const NO_TLS: readonly unknown[] = ["ERR_SSL_WRONG_VERSION_NUMBER", "ERR_SSL_PACKET_LENGTH_TOO_LONG", "EPROTO"];

/** What to do about a certificate. Default: what applies to requests of core/http. */
export interface TlsRemedies {
  readonly untrusted?: string;
  readonly otherName?: string;
}

/**
 * The error for a connection that failed because of TLS; `undefined` for any other failure. Node's error codes: https://nodejs.org/api/tls.html.
 *
 * @returns `CERTIFICATE_UNTRUSTED`, `CERTIFICATE_INVALID` or `TLS_MISSING`
 */
export function tlsError(
  { name, url, setting }: Endpoint,
  error: unknown,
  {
    untrusted = "If your own CA signed it, set NODE_EXTRA_CA_CERTS to the file with the CA's certificate where pulumi runs, or NODE_USE_SYSTEM_CA=1 if the system trusts it: docs/guides/private-ca.md.",
    otherName = `Use a name from the certificate in ${setting}, or let ${name} have a certificate for this one.`,
  }: TlsRemedies = {},
): ZotAuthError | undefined {
  const code = at(error, "code");
  // Node adds advice of its own after a semicolon.
  const said = messageOf(error).replace(/; if the root CA .*$/, "");
  if (UNTRUSTED.includes(code)) {
    return new ZotAuthError(
      "CERTIFICATE_UNTRUSTED",
      `${name}'s certificate at ${url} (setting ${setting}) is not trusted: ${said}. ${untrusted} If the chain is incomplete, let ${name} send the intermediate certificates too.`,
      error,
    );
  }
  const why = typeof code === "string" ? INVALID[code] : undefined;
  if (why !== undefined) {
    return new ZotAuthError(
      "CERTIFICATE_INVALID",
      code === "ERR_TLS_CERT_ALTNAME_INVALID"
        ? `${name}'s certificate at ${url} ${why}: ${said}. ${otherName}`
        : `${name}'s certificate at ${url} (setting ${setting}) ${why}.`,
      error,
    );
  }
  if (url.startsWith("https:") && NO_TLS.includes(code)) {
    return new ZotAuthError(
      "TLS_MISSING",
      `${name} does not speak TLS at ${url}. If it is served without TLS there, use http:// in ${setting}.`,
      error,
    );
  }
  return undefined;
}
