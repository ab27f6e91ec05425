// Stands in for Authentik: its authorization endpoint, up to the point where the OpenID library issues the code.
import type { IncomingMessage, ServerResponse } from "node:http";
import { isAtLeast } from "../models/database.ts";
import { text } from "../../shared/json.ts";
import { applicationByClient } from "./applications.ts";
import type { OpenidProviders } from "./library/providers.ts";
import { messagePage } from "../pages/pages.ts";
import type { Origin } from "../sessions/origins.ts";
import { planFlow } from "../flows/planner.ts";
import { passes } from "../policies/policies.ts";
import { allowsGrant, isRedirectUriAllowed } from "./redirectUris.ts";
import { redirect, sendPage } from "../pages/responses.ts";
import type { Plan, Row } from "../models/state.ts";

/** `GET /application/o/authorize/`. */
export async function authorize(
  openid: OpenidProviders,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
): Promise<void> {
  const { database, sessions, origins } = openid.options;
  const origin = origins.of(request);
  const found = applicationByClient(database, url.searchParams.get("client_id") ?? "");
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
  if (!allowsGrant(found.provider, "authorization_code")) {
    refuseGrantType(response, redirectUri, url);
    return;
  }
  const visit = sessions.open(request.headers.cookie, origin);
  const user = sessions.userOf(visit);
  // A denied request leaves nothing in the session.
  if (user !== undefined && !passes(database, found.application, user, { ip: origin.ip })) {
    sendPage(response, 200, messagePage("Permission denied", "Request has been denied."));
    return;
  }
  const flow = user === undefined ? undefined : authorizationFlow(openid, found.provider, user, url, origin);
  if (flow !== undefined) visit.session.plan = flow;
  for (const cookie of sessions.cookiesOf(visit)) response.appendHeader("set-cookie", cookie);
  database.save();
  if (user === undefined) {
    sendToLogin(openid, response, url);
    return;
  }
  if (flow !== undefined) {
    redirect(response, `/if/flow/${flow.flow}/${url.search}`);
    return;
  }
  redirect(response, await openid.grant(found, url.search, visit.id, origin));
}

/** The flow of an authorization; `undefined` if it has no stages, which is supported since 2024.12. */
function authorizationFlow(
  openid: OpenidProviders,
  provider: Row,
  user: Row,
  url: URL,
  { ip }: Origin,
): Plan | undefined {
  const { database } = openid.options;
  const flow = database.get("authentik_flows.flow", provider["authorization_flow"]);
  if (flow === undefined) return undefined;
  const plan = planFlow({ database, flow, user, ip, authorization: url.search.slice(1) });
  return plan?.stages.length === 0 && isAtLeast(database.version, "2024.12") ? undefined : plan;
}

function refuseGrantType(response: ServerResponse, redirectUri: string, url: URL): void {
  const to = new URL(redirectUri);
  to.searchParams.set("error", "invalid_request");
  to.searchParams.set("error_description", "The request is otherwise malformed");
  const state = url.searchParams.get("state");
  if (state !== null) to.searchParams.set("state", state);
  redirect(response, to.href);
}

/** Redirects to the sign-in flow, which returns to this endpoint. */
function sendToLogin(openid: OpenidProviders, response: ServerResponse, url: URL): void {
  const { database } = openid.options;
  const brand = database.find("authentik_brands.brand", { default: true });
  const flow = database.get("authentik_flows.flow", brand?.["flow_authentication"]);
  const query = new URLSearchParams(url.searchParams);
  query.set("next", `${url.pathname}${url.search}`);
  redirect(response, `/if/flow/${text(flow?.["slug"])}/?${query.toString()}`);
}
