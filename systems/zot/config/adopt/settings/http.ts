import { isObject, present } from "../../../../../core/json.ts";
import type { JsonObject } from "../../../../../core/json.ts";
import { objectAt, valueAt } from "../../syntax/anyCase.ts";
import { usernameClaimProblem } from "../../../signIn/usernameClaim.ts";
import { absoluteAt, durationAt, flagAt, numberAt, someTextsAt, textAt } from "./read.ts";

/** The settings `zot.http` of a config. Without time limits in the config, ours apply. */
export function adoptHttp(http: JsonObject): JsonObject {
  const tls = { cert: absoluteAt(http, "tls", "cert"), key: absoluteAt(http, "tls", "key") };
  return present({
    tls:
      tls.cert === undefined || tls.key === undefined
        ? undefined
        : present({ ...tls, caCert: absoluteAt(http, "tls", "caCert") }),
    realm: textAt(http, "realm"),
    allowOrigin: textAt(http, "allowOrigin"),
    readTimeout: durationAt(http, "readTimeout"),
    writeTimeout: durationAt(http, "writeTimeout"),
    compat: someTextsAt(http, "compat"),
  });
}

/**
 * The settings `zot.auth` of a config.
 *
 * @param url the setting registry.url
 */
export function adoptAuth(http: JsonObject, url: string): JsonObject {
  const auth = objectAt(http, "auth");
  const provider = objectAt(auth, "openid", "providers", "oidc");
  const claim = textAt(provider, "claimMapping", "username");
  const failDelay = numberAt(auth, "failDelay") ?? 0;
  const scopes = someTextsAt(provider, "scopes");
  return present({
    secureSession: secureSession(http, url),
    sessionKeysFile: absoluteAt(auth, "sessionKeysFile"),
    failDelay: failDelay === 0 ? undefined : `${failDelay} seconds`,
    // zot asks for it in any case.
    scopes: scopes === undefined || scopes.includes("openid") ? scopes : ["openid", ...scopes],
    usernameClaim: claim === undefined || usernameClaimProblem(claim) !== undefined ? undefined : claim,
    groupsClaim: textAt(provider, "claimMapping", "groups"),
    providerName: textAt(provider, "name"),
    callbackAllowOrigins: someTextsAt(auth, "openid", "callbackAllowOrigins"),
  });
}

/** The setting follows the registry's address, zot does not: its sessions are secure with TLS or if the config says so. Without sign-in, there are none. */
function secureSession(http: JsonObject, url: string): boolean | undefined {
  const auth = objectAt(http, "auth");
  const isSecure = flagAt(auth, "secureSession");
  const isUnsaid = isSecure === undefined && (isObject(valueAt(http, "tls")) || Object.keys(auth).length === 0);
  return isUnsaid || (isSecure ?? false) === url.startsWith("https:") ? undefined : (isSecure ?? false);
}

/** The settings `authentik` that follow from the OpenID provider of a config. */
export function adoptAuthentik(http: JsonObject, clientId: string | undefined): JsonObject {
  const provider = objectAt(http, "auth", "openid", "providers", "oidc");
  const [, url, application] =
    /^(https?:\/\/.+)\/application\/o\/([^/]+)\/?$/i.exec(textAt(provider, "issuer") ?? "") ?? [];
  return present({ url, application, clientId: textAt(provider, "clientid") ?? clientId });
}
