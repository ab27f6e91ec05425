import { toSeconds } from "../../../../core/time/duration.ts";
import type { Duration } from "../../../../core/time/duration.ts";
import { present } from "../../../../core/json.ts";
import type { JsonObject } from "../../../../core/json.ts";
import type { ZotConfigArgs } from "./args.ts";
import type { ZotSettings } from "../settings.ts";
import { atLeast } from "../../version.ts";
import type { ZotVersion } from "../../version.ts";
import { renderBearer } from "./bearer.ts";
import { optionalGoDuration } from "./duration.ts";

type Timeout = ZotSettings["http"]["readTimeout"];

const FIRST_WITH_TIMEOUTS = "2.1.17";
const LONG_REQUEST: Duration = "1 hour";

/** What the HTTP part of zot's config needs besides the arguments of the config. */
export interface HttpParts {
  readonly credentialsFile: string;
  readonly accessControl: JsonObject;
  /** Converts the path in a setting to the path on the host. */
  readonly locate: (path: string) => string;
}

/** zot's `http`: the listener, sign-in and access control. */
export function renderHttp(
  args: ZotConfigArgs,
  version: ZotVersion,
  { credentialsFile, accessControl, locate }: HttpParts,
): JsonObject {
  const { tls, realm, allowOrigin, readTimeout, writeTimeout, compat } = args.zot.http;
  return present({
    address: args.address,
    port: String(args.port),
    externalUrl: args.url,
    realm,
    allowOrigin,
    readTimeout: renderTimeout(readTimeout, version),
    writeTimeout: renderTimeout(writeTimeout, version),
    compat: compat.length === 0 ? undefined : compat,
    tls:
      tls === undefined
        ? undefined
        : present({
            cert: locate(tls.cert),
            key: locate(tls.key),
            caCert: tls.caCert === undefined ? undefined : locate(tls.caCert),
          }),
    auth: renderAuth(args, credentialsFile, locate),
    accessControl,
  });
}

/** zot 2.1.17 and later end every request after 60 seconds unless the config says otherwise; older ones do not start with the key. */
function renderTimeout(timeout: Timeout, version: ZotVersion): string | undefined {
  if (timeout === "default") return undefined;
  return optionalGoDuration(timeout ?? (atLeast(version, FIRST_WITH_TIMEOUTS) ? LONG_REQUEST : undefined));
}

function renderAuth(
  { url, issuer, jobTokens, zot: { auth } }: ZotConfigArgs,
  credentialsFile: string,
  locate: (path: string) => string,
): JsonObject {
  const { sessionKeysFile, failDelay, callbackAllowOrigins } = auth;
  return present({
    openid: present({
      callbackAllowOrigins: callbackAllowOrigins.length === 0 ? undefined : callbackAllowOrigins,
      providers: {
        oidc: present({
          name: auth.providerName,
          credentialsFile,
          issuer,
          scopes: auth.scopes,
          claimMapping: present({ username: auth.usernameClaim, groups: auth.groupsClaim }),
        }),
      },
    }),
    bearer: jobTokens === undefined ? undefined : renderBearer(jobTokens),
    apikey: true,
    secureSession: (auth.secureSession ?? url.startsWith("https:")) ? true : undefined,
    sessionKeysFile: sessionKeysFile === undefined ? undefined : locate(sessionKeysFile),
    failDelay: failDelay === undefined ? undefined : toSeconds(failDelay),
  });
}
