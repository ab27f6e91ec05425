import { KEY_ENDPOINT } from "./diagnosis/keyEndpoint.ts";
import type { AnswerSeen, EndpointSeen } from "./diagnosis/keyEndpoint.ts";
import { formatZotVersion, parseZotVersion } from "../version.ts";
import { request } from "../../../core/http/http.ts";
import { at, list, string } from "../../../core/json.ts";
import type { HttpResponse } from "../../../core/http/http.ts";
import { authenticate, zotEndpoint } from "../client.ts";
import type { ZotCredentials } from "../client.ts";
import { LOGIN_PATH } from "./zotSignIn.ts";

/**
 * The registry's responses at and near its key endpoint. Read-only.
 *
 * @param session absent: sign-in is impossible, so the login page is queried too
 */
export async function observeKeyEndpoint(
  url: string,
  session: ZotCredentials | undefined,
  signal: AbortSignal,
): Promise<EndpointSeen> {
  const endpoint = zotEndpoint(url);
  const get = async (path: string, credentials?: ZotCredentials): Promise<HttpResponse> =>
    request(endpoint, path, { headers: await authenticate(endpoint, credentials), signal });
  const [keys, ping, management, login] = await Promise.all([
    get(KEY_ENDPOINT, session),
    get("/v2/"),
    get("/v2/_zot/ext/mgmt"),
    session === undefined ? get(LOGIN_PATH) : undefined,
  ]);
  return {
    keys: seen(keys, (answer) => Array.isArray(at(answer.json, "apiKeys"))),
    signedIn: session !== undefined,
    ...(login === undefined ? {} : { login: seen(login, () => false) }),
    bearer: /^bearer\b/i.test(ping.header("www-authenticate") ?? ""),
    ...managementOf(management),
  };
}

/** @param isJson whether the response is the JSON that zot would send */
function seen(answer: HttpResponse, isJson: (answer: HttpResponse) => boolean): AnswerSeen {
  const { status, text } = answer;
  const body = (): AnswerSeen["body"] => {
    if (isJson(answer)) return "json";
    if (text.trim() === "") return "empty";
    if (/^\s*<(?:!doctype|html)/i.test(text)) return "html";
    return text.trim() === "404 page not found" ? "not found" : "text";
  };
  return { status, body: body() };
}

function managementOf({ status, json }: HttpResponse): Pick<EndpointSeen, "management"> {
  const said = string(at(json, "releaseTag")) || string(at(json, "commit"));
  if (status !== 200 || said === "") return {};
  const version = parseZotVersion(said);
  const providers = at(json, "http", "auth", "openid", "providers");
  return {
    management: {
      version: version === undefined ? "" : formatZotVersion(version),
      openid: list(Object.keys((providers as object | undefined) ?? {})).length > 0,
    },
  };
}
