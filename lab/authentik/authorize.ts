// Stands in for Authentik: its authorization endpoint, up to the point where the OpenID library makes the code.
import type { IncomingMessage, ServerResponse } from "node:http";
import { list, text } from "./json.ts";
import type { Openid, OpenidApplication } from "./openid.ts";
import { isRedirectUriAllowed } from "./redirectUris.ts";
import { messagePage } from "./pages.ts";
import { passes } from "./policies.ts";
import { redirect, sendPage } from "./responses.ts";

/** `GET /application/o/authorize/`. */
export async function authorize(
  openid: Openid,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
): Promise<void> {
  const { database, sessions } = openid.options;
  const found = openid.byClient(url.searchParams.get("client_id") ?? "");
  if (found === undefined) {
    sendPage(response, 400, messagePage("Client ID Error", "The client identifier (client_id) is missing or invalid."));
    return;
  }
  const redirectUri = url.searchParams.get("redirect_uri") ?? "";
  if (!isRedirectUriAllowed(found.provider, redirectUri)) {
    sendPage(
      response,
      400,
      messagePage(
        "Redirect URI Error",
        "The request fails due to a missing, invalid, or mismatching redirection URI (redirect_uri).",
      ),
    );
    return;
  }
  if (!allowsCode(found)) {
    refuseGrantType(response, redirectUri, url);
    return;
  }
  const visit = sessions.open(request.headers.cookie);
  for (const cookie of sessions.cookiesOf(visit)) response.appendHeader("set-cookie", cookie);
  database.save();
  const user = sessions.userOf(visit);
  if (user === undefined) {
    sendToLogin(openid, response, url);
    return;
  }
  if (!passes(database, found.application, user)) {
    sendPage(response, 200, messagePage("Permission denied", "Request has been denied."));
    return;
  }
  // Consent is implicit: the library sees a session of somebody who may come in, and answers with the code.
  const { sessionCookie } = await import("./openidProvider.ts");
  return openid.forward(found, `/authorize${url.search}`, request, response, {
    headers: { cookie: `${sessionCookie}=${visit.id}` },
  });
}

/** From 2026.5 on a provider says which grants it gives. Before, the object has no such field. */
function allowsCode({ provider }: OpenidApplication): boolean {
  const grants = provider["grant_types"];
  return grants === undefined || list(grants).includes("authorization_code");
}

function refuseGrantType(response: ServerResponse, redirectUri: string, url: URL): void {
  const to = new URL(redirectUri);
  to.searchParams.set("error", "invalid_request");
  to.searchParams.set("error_description", "The request is otherwise malformed");
  const state = url.searchParams.get("state");
  if (state !== null) to.searchParams.set("state", state);
  redirect(response, to.href);
}

/** The sign-in is a flow, which comes back here when it is done. */
function sendToLogin(openid: Openid, response: ServerResponse, url: URL): void {
  const { database } = openid.options;
  const brand = database.find("authentik_brands.brand", { default: true });
  const flow = database.get("authentik_flows.flow", brand?.["flow_authentication"]);
  const query = new URLSearchParams(url.searchParams);
  query.set("next", `${url.pathname}${url.search}`);
  redirect(response, `/if/flow/${text(flow?.["slug"])}/?${query.toString()}`);
}
