import { ZotAuthError } from "../../../core/errors.ts";
import type { AuthentikSession } from "./session.ts";
import { pathOn } from "../../../core/http/pathOn.ts";
import { at, string } from "../../../core/json.ts";
import type { HttpResponse } from "../../../core/http/http.ts";

/**
 * Performs an authorization request with a session at Authentik.
 *
 * @returns where Authentik sends the browser, with the code
 * @throws ZotAuthError `ISSUER_ELSEWHERE`, `APPLICATION_DENIED`, `REDIRECT_URI_REFUSED`, `CLIENT_UNKNOWN`, `GRANT_REFUSED`, `OIDC_REFUSED`,
 *   `CONSENT_ASKED`, `SESSION_UNKNOWN`, `AUTHORIZATION_STAGE_UNKNOWN`
 */
export async function authorizeAt(session: AuthentikSession, authorize: URL): Promise<URL> {
  const { endpoint } = session;
  const path = pathOn(endpoint, authorize.href);
  if (path === undefined) {
    throw new ZotAuthError(
      "ISSUER_ELSEWHERE",
      `zot sends people to ${authorize.origin + authorize.pathname} to sign in, not to authentik.url ${endpoint.url}. Correct that setting, or the address that Authentik reports for itself.`,
    );
  }
  const answer = await session.get(path);
  const to = answer.status === 302 ? URL.parse(answer.header("location") ?? "", endpoint.url) : null;
  if (to === null) throw refused(answer, authorize);
  const flow = slugIn(pathOn(endpoint, to.href) ?? "");
  const callback = flow === undefined ? to : await throughFlow(session, flow, to);
  const error = callback.searchParams.get("error");
  if (error !== null) throw sentBack(error, callback);
  return callback;
}

/** A page instead of a redirect: Authentik rejects the redirect URI or the account. */
function refused(answer: HttpResponse, authorize: URL): ZotAuthError {
  if (answer.text.includes("Redirect URI Error")) {
    return new ZotAuthError(
      "REDIRECT_URI_REFUSED",
      `Authentik's OAuth2 provider rejects the redirect URI ${authorize.searchParams.get("redirect_uri") ?? "(none)"} that zot sends (Redirect URI Error). ` +
        "It must match exactly: set registry.url to the address that people use, and run `pulumi up`, which writes it to the provider and to zot.",
    );
  }
  if (answer.text.includes("Client ID Error") || answer.status === 404) {
    return new ZotAuthError(
      "CLIENT_UNKNOWN",
      `Authentik does not know zot's OAuth2 client "${authorize.searchParams.get("client_id") ?? ""}" (Client ID Error). ` +
        "The provider or its application does not exist, or has another client id (setting authentik.clientId): run `pulumi refresh` and `pulumi up`.",
    );
  }
  if (answer.status === 200 || answer.status === 403) {
    return new ZotAuthError(
      "APPLICATION_DENIED",
      "Authentik denies the service account access to the application: no PolicyBinding allows its group. Apply the blueprint, and check the application's bindings.",
    );
  }
  const title = /<title>\s*([^<]*?)\s*<\/title>/i.exec(answer.text)?.[1] ?? "no title";
  return new ZotAuthError(
    "OIDC_REFUSED",
    `Authentik answers zot's authorization request with status ${answer.status} (${title}). Compare its OAuth2 provider with the blueprint, and see Authentik's log.`,
  );
}

/** Authentik sends zot an error instead of a code. Its text is fixed and never quotes the request. */
function sentBack(error: string, callback: URL): ZotAuthError {
  const said = callback.searchParams.get("error_description");
  const words = `${error}${said === null ? "" : `: ${said}`}`;
  // Authentik uses these, among other things, when the provider does not allow the grant.
  if (error === "invalid_request" || error === "unauthorized_client") {
    return new ZotAuthError(
      "GRANT_REFUSED",
      `Authentik refuses zot's authorization request (${words}). In Authentik 2026.5 and later the usual cause is an OAuth2 provider without the grant type ` +
        "`authorization_code`: check its grant types, and Authentik's log.",
    );
  }
  return new ZotAuthError(
    "OIDC_REFUSED",
    `Authentik refuses zot's authorization request (${words}). Compare scopes and settings of its OAuth2 provider with the blueprint.`,
  );
}

/** The flow of a page on which a browser would go on. */
function slugIn(path: string): string | undefined {
  return /^\/if\/flow\/([^/]+)\//.exec(path)?.[1];
}

/** Older Authentik, or an authorization flow with stages: the executor returns the next URL. */
async function throughFlow(session: AuthentikSession, slug: string, page: URL): Promise<URL> {
  // Only without a sign-in is there a page to return to.
  if (page.searchParams.has("next")) {
    throw new ZotAuthError(
      "SESSION_UNKNOWN",
      `Authentik has lost the session that it just created, and asks for a sign-in on the flow "${slug}". ` +
        "Something between here and Authentik drops cookies, or the flow's login stage ends sessions at once: check its session duration.",
    );
  }
  let path = `/api/v3/flows/executor/${slug}/?query=${encodeURIComponent(page.search.slice(1))}`;
  let component = "";
  for (let step = 0; step < 4; step++) {
    const answer = await session.get(path);
    component = string(at(answer.json, "component")) || `status ${answer.status}`;
    if (component !== "xak-flow-redirect") break;
    const to = new URL(string(at(answer.json, "to")), session.endpoint.url);
    const next = pathOn(session.endpoint, to.href);
    if (next?.startsWith("/api/v3/flows/executor/") !== true) return to;
    path = next;
  }
  if (component === "ak-stage-consent") {
    throw new ZotAuthError(
      "CONSENT_ASKED",
      `Authentik's flow "${slug}" asks for consent, which a machine cannot give. Set authentik.authorizationFlow to one with implicit consent.`,
    );
  }
  if (component === "ak-stage-access-denied") {
    throw new ZotAuthError(
      "APPLICATION_DENIED",
      `Authentik's authorization flow "${slug}" denies the service account. Check the flow's policies, and the application's PolicyBindings.`,
    );
  }
  throw new ZotAuthError(
    "AUTHORIZATION_STAGE_UNKNOWN",
    `Authentik's flow "${slug}" asks for "${component}", which a machine cannot answer. Set authentik.authorizationFlow to one without stages.`,
  );
}
