import { toSeconds } from "../../../../core/duration.ts";
import type { Settings } from "../../../../settings/schema.ts";
import { optionalGoDuration } from "./duration.ts";
import { present } from "../../../../core/json.ts";
import type { JsonObject } from "../../../../core/json.ts";

/** What the HTTP part of zot's config is rendered from, besides the settings. */
export interface HttpParts {
  readonly credentialsFile: string;
  readonly issuer: string;
  readonly accessControl: JsonObject;
  /** Makes a setting's path the host's. */
  readonly locate: (path: string) => string;
}

/** zot's `http`: the listener, sign-in, and who may do what. */
export function renderHttp({ registry, zot }: Settings, parts: HttpParts): JsonObject {
  const { tls, realm, allowOrigin, readTimeout, writeTimeout, compat } = zot.http;
  return present({
    address: registry.address,
    port: String(registry.port),
    externalUrl: registry.url,
    realm,
    allowOrigin,
    readTimeout: optionalGoDuration(readTimeout),
    writeTimeout: optionalGoDuration(writeTimeout),
    compat: compat.length === 0 ? undefined : compat,
    tls:
      tls === undefined
        ? undefined
        : present({
            cert: parts.locate(tls.cert),
            key: parts.locate(tls.key),
            caCert: tls.caCert === undefined ? undefined : parts.locate(tls.caCert),
          }),
    auth: renderAuth(zot.auth, registry.url, parts),
    accessControl: parts.accessControl,
  });
}

function renderAuth(auth: Settings["zot"]["auth"], url: string, parts: HttpParts): JsonObject {
  const { sessionKeysFile, failDelay, callbackAllowOrigins } = auth;
  return present({
    openid: present({
      callbackAllowOrigins: callbackAllowOrigins.length === 0 ? undefined : callbackAllowOrigins,
      providers: {
        oidc: present({
          name: auth.providerName,
          credentialsFile: parts.credentialsFile,
          issuer: parts.issuer,
          scopes: auth.scopes,
          claimMapping: present({ username: auth.usernameClaim, groups: auth.groupsClaim }),
        }),
      },
    }),
    apikey: true,
    secureSession: (auth.secureSession ?? url.startsWith("https:")) ? true : undefined,
    sessionKeysFile: sessionKeysFile === undefined ? undefined : parts.locate(sessionKeysFile),
    failDelay: failDelay === undefined ? undefined : toSeconds(failDelay),
  });
}
