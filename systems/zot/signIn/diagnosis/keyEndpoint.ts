import type { ErrorCode } from "../../../../core/errorCodes.ts";
import { FIRST_WITH_JOB_TOKENS, OLDEST_SUPPORTED, atLeast, parseZotVersion } from "../../version.ts";
import type { ConfigSeen } from "./configSeen.ts";
import { fails, holds } from "./verdict.ts";
import type { Verdict } from "./verdict.ts";

/** Where zot creates, lists and revokes API keys. */
export const KEY_ENDPOINT = "/zot/auth/apikey";

/** A response without its content. `not found`: the words of zot's own 404, which some proxies have, too. */
export interface AnswerSeen {
  readonly status: number;
  readonly body: "json" | "html" | "empty" | "not found" | "text";
}

/** The registry's responses at and near its key endpoint. */
export interface EndpointSeen {
  /** `GET` of {@link KEY_ENDPOINT}. */
  readonly keys: AnswerSeen;
  /** Whether that request had a new session. */
  readonly signedIn: boolean;
  /** `GET /zot/auth/login`. Absent after a successful sign-in. */
  readonly login?: AnswerSeen;
  /** Whether the registry asks for bearer tokens. */
  readonly bearer: boolean;
  /** What zot reports about itself, if anything. */
  readonly management?: { readonly version: string; readonly openid: boolean };
}

const NAME = "key endpoint";

/** Is zot's API key endpoint enabled and reachable? */
export function diagnoseKeyEndpoint(seen: EndpointSeen, config?: ConfigSeen): Verdict {
  const { keys, login, management } = seen;
  const version = management?.version ?? "";
  if (keys.status === 200 && keys.body === "json" && login === undefined) {
    return holds(NAME, `${KEY_ENDPOINT} answers${version === "" ? "" : ` (zot ${version})`}`);
  }
  const status = [
    `${KEY_ENDPOINT}: ${shown(keys)}`,
    ...(login === undefined ? [] : [`/zot/auth/login: ${shown(login)}`]),
  ];
  const say = (code: ErrorCode, text: string): Verdict => fails(NAME, code, `${text} (${status.join("; ")}.)`);
  const parsed = parseZotVersion(version);
  const isExclusive = parsed === undefined || !atLeast(parsed, FIRST_WITH_JOB_TOKENS);
  if (seen.bearer || (config?.bearer === true && isExclusive)) {
    return say(
      "BEARER_BESIDE_OPENID",
      "zot's config has http.auth.bearer. With it, zot 2.1.21 and earlier accept no OIDC sign-in, no API key and no anonymous pull; later releases do, unless it has a realm and a service. Remove it and restart zot.",
    );
  }
  if (parsed !== undefined && !atLeast(parsed, OLDEST_SUPPORTED)) {
    return say(
      "ZOT_TOO_OLD",
      `The registry is zot ${version}; API keys require ${OLDEST_SUPPORTED} or later. Upgrade zot.`,
    );
  }
  if ([keys, login].some((answer) => answer !== undefined && isForeign(answer))) return swallowed(say);
  if (keys.status === 404) return missing(seen, config, say);
  if (seen.signedIn && (keys.status === 401 || keys.status === 500)) {
    return say(
      "UI_HEADER_STRIPPED",
      "zot does not recognize the session that it just created. A session requires the header `X-ZOT-API-CLIENT: zot-ui` and its cookie: " +
        "a proxy in front of zot removes one of them. Let it pass both.",
    );
  }
  if (login?.status === 404) {
    return say(
      "OPENID_OFF",
      "API keys are on, but nobody can sign in to create the first one: http.auth of the running config has no openid. " +
        "Restart zot: it reads openid only when it starts.",
    );
  }
  if (login?.status === 400) {
    return say(
      "OPENID_PROVIDER_UNKNOWN",
      "zot has no provider named `oidc`. Name it so in http.auth.openid.providers of its config, and restart zot.",
    );
  }
  return say(
    "KEY_ENDPOINT_UNEXPECTED",
    "The registry's response is unlike that of any supported zot. Check zot's log, and that of the proxy in front of it.",
  );
}

type Say = (code: ErrorCode, text: string) => Verdict;

/** The endpoint does not exist, according to zot or a proxy in front of it. */
function missing({ login, management }: EndpointSeen, config: ConfigSeen | undefined, say: Say): Verdict {
  // With openid zot always has the endpoint, whatever apikey says; and a successful sign-in proves openid.
  if (management?.openid === true || login === undefined) return swallowed(say);
  if (config?.misplacedApikey === true && !config.apikey && !config.openid) {
    return say(
      "KEY_ENDPOINT_MISPLACED",
      "zot's config has `extensions.apikey`, which zot ignores: API keys are off. Write `http.auth.apikey: true`, beside http.auth.openid.",
    );
  }
  return say(
    "KEY_ENDPOINT_OFF",
    "zot's API keys are off: http.auth of the running config has neither apikey nor openid" +
      (config?.openid === true || config?.apikey === true
        ? ", although the file on its host has. Restart zot: it reads them only when it starts."
        : ". Run `pulumi up` to deploy the declared config (`extensions.apikey` does not count: zot ignores it)."),
  );
}

function swallowed(say: Say): Verdict {
  return say(
    "AUTH_PATH_SWALLOWED",
    "The server that answers under /zot/auth/ is not zot. A proxy in front of zot handles these paths itself or sends them elsewhere: let it pass /zot/auth/ to zot unchanged, as it does /v2/.",
  );
}

/** zot has no web page and no redirect of this kind below `/zot/auth/`, and its 404 says so in known words. */
function isForeign({ status, body }: AnswerSeen): boolean {
  if (body === "html" || (status >= 300 && status < 400) || (status >= 502 && status <= 504)) return true;
  return (status === 404 && body !== "not found") || (status === 200 && body !== "json");
}

function shown({ status, body }: AnswerSeen): string {
  const what = {
    json: "JSON",
    html: "an HTML page",
    empty: "no body",
    "not found": "404 page not found",
    text: "text",
  };
  return `${status}, ${what[body]}`;
}
