import { ZotAuthError } from "../../../core/errors.ts";
import type { AuthentikSession } from "./session.ts";
import { at, string } from "../../../core/http/http.ts";
import type { HttpResponse } from "../../../core/http/http.ts";

/**
 * Goes through an authorization request with a session at Authentik.
 *
 * @returns where Authentik sends the browser, with the code
 * @throws ZotAuthError `ISSUER_ELSEWHERE`, `APPLICATION_DENIED`, `REDIRECT_URI_REFUSED`, `CLIENT_UNKNOWN`, `GRANT_REFUSED`, `OIDC_REFUSED`,
 *   `CONSENT_ASKED`, `SESSION_UNKNOWN`, `AUTHORIZATION_STAGE_UNKNOWN`
 */
export async function authorizeAt(session: AuthentikSession, authorize: URL): Promise<URL> {
  const { url } = session.endpoint;
  if (authorize.origin !== url) {
    throw new ZotAuthError(
      "ISSUER_ELSEWHERE",
      `zot sends people to ${authorize.origin} for the sign-in, not to authentik.url ${url}. Correct that setting, or Authentik's own idea of its address.`,
    );
  }
  const answer = await session.get(authorize.pathname + authorize.search);
  const to = answer.status === 302 ? URL.parse(answer.header("location") ?? "", url) : null;
  if (to === null) throw refused(answer, authorize);
  const callback = to.origin === url && to.pathname.startsWith("/if/flow/") ? await throughFlow(session, to) : to;
  const error = callback.searchParams.get("error");
  if (error !== null) throw sentBack(error, callback);
  return callback;
}

/** A page in place of a redirect: Authentik cannot trust where it would redirect to, or does not let the account in. */
function refused(answer: HttpResponse, authorize: URL): ZotAuthError {
  if (answer.text.includes("Redirect URI Error")) {
    return new ZotAuthError(
      "REDIRECT_URI_REFUSED",
      `Authentik's OAuth2 provider does not send people back to ${authorize.searchParams.get("redirect_uri") ?? "nowhere"}, which is what zot asks for (Redirect URI Error). ` +
        "It compares to the letter: set registry.url to the address that people use, and run `pulumi up`, which writes it to the provider and to zot.",
    );
  }
  if (answer.text.includes("Client ID Error") || answer.status === 404) {
    return new ZotAuthError(
      "CLIENT_UNKNOWN",
      `Authentik knows no OAuth2 client "${authorize.searchParams.get("client_id") ?? ""}", as zot calls itself (Client ID Error). ` +
        "The provider or its application is gone, or has another client id (setting authentik.clientId): run `pulumi refresh` and `pulumi up`.",
    );
  }
  if (answer.status === 200 || answer.status === 403) {
    return new ZotAuthError(
      "APPLICATION_DENIED",
      "Authentik does not let the service account use the application: no PolicyBinding lets its group in. Apply the blueprint, and see the application's bindings.",
    );
  }
  const title = /<title>\s*([^<]*?)\s*<\/title>/i.exec(answer.text)?.[1] ?? "no title";
  return new ZotAuthError(
    "OIDC_REFUSED",
    `Authentik answers zot's authorization request with status ${answer.status} (${title}). Compare its OAuth2 provider with the blueprint, and see Authentik's log.`,
  );
}

/** Authentik sends zot an error in place of a code. Its words are fixed ones, never those of the request. */
function sentBack(error: string, callback: URL): ZotAuthError {
  const said = callback.searchParams.get("error_description");
  const words = `${error}${said === null ? "" : `: ${said}`}`;
  // In these words Authentik says, among other things, that the provider does not allow the grant.
  if (error === "invalid_request" || error === "unauthorized_client") {
    return new ZotAuthError(
      "GRANT_REFUSED",
      `Authentik refuses zot's authorization request (${words}). From Authentik 2026.5 on that is mostly an OAuth2 provider without the grant type ` +
        "`authorization_code`: see its grant types, and Authentik's log.",
    );
  }
  return new ZotAuthError(
    "OIDC_REFUSED",
    `Authentik refuses zot's authorization request (${words}). Compare scopes and settings of its OAuth2 provider with the blueprint.`,
  );
}

/** Older Authentik, or an authorization flow with stages: the executor tells where to go on. */
async function throughFlow(session: AuthentikSession, page: URL): Promise<URL> {
  const slug = page.pathname.split("/")[3] ?? "";
  // Only who is not signed in has to come back afterwards.
  if (page.searchParams.has("next")) {
    throw new ZotAuthError(
      "SESSION_UNKNOWN",
      `Authentik does not know the session any more that it has just begun, and asks for a sign-in on the flow "${slug}". ` +
        "Something between here and Authentik drops cookies, or the flow's login stage ends sessions at once: see its session duration.",
    );
  }
  let path = `/api/v3/flows/executor/${slug}/?query=${encodeURIComponent(page.search.slice(1))}`;
  let component = "";
  for (let step = 0; step < 4; step++) {
    const answer = await session.get(path);
    component = string(at(answer.json, "component")) || `status ${answer.status}`;
    if (component !== "xak-flow-redirect") break;
    const to = new URL(string(at(answer.json, "to")), session.endpoint.url);
    if (to.origin !== session.endpoint.url || !to.pathname.startsWith("/api/v3/flows/executor/")) return to;
    path = to.pathname + to.search;
  }
  if (component === "ak-stage-consent") {
    throw new ZotAuthError(
      "CONSENT_ASKED",
      `Authentik's flow "${slug}" asks for consent before it lets zot in, which a machine cannot give. Set authentik.authorizationFlow to one with implicit consent.`,
    );
  }
  if (component === "ak-stage-access-denied") {
    throw new ZotAuthError(
      "APPLICATION_DENIED",
      `Authentik's authorization flow "${slug}" denies the service account. See the flow's policies, and the application's PolicyBindings.`,
    );
  }
  throw new ZotAuthError(
    "AUTHORIZATION_STAGE_UNKNOWN",
    `Authentik's flow "${slug}" asks for "${component}" before it lets zot in, which a machine cannot answer. Set authentik.authorizationFlow to one without stages.`,
  );
}
