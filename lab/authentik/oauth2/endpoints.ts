// Stands in for Authentik: its OAuth2 and OpenID endpoints under `/application/o/`, shared by all providers.
import type { IncomingMessage, ServerResponse } from "node:http";
import { object, text } from "../../shared/json.ts";
import { pageNotFound } from "../pages/pages.ts";
import { sendJson, sendPage } from "../pages/responses.ts";
import { applicationByClient, applicationBySlug, openidPrefix } from "./applications.ts";
import { authorize } from "./authorize.ts";
import { discoveryDocument } from "./discovery.ts";
import { tokenError } from "./errors.ts";
import { takeMachineCredentials } from "./library/machineGrants.ts";
import type { OpenidProviders } from "./library/providers.ts";

/** Handles a request whose path begins with `/application/o/`. */
export async function answerOpenid(
  openid: OpenidProviders,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { base } = openid.options.origins.of(request);
  const url = new URL(request.url ?? "/", base);
  const [first = "", ...rest] = url.pathname.slice(openidPrefix.length).split("/");
  switch (`${first}/${rest.join("/")}`) {
    case "authorize/":
      return authorize(openid, request, response, url);
    case "token/":
    case "revoke/":
    case "introspect/":
      return forClient(openid, first, request, response);
    case "userinfo/":
      return userinfo(openid, request, response);
  }
  const found = applicationBySlug(openid.options.database, first);
  if (found !== undefined && rest.join("/") === ".well-known/openid-configuration") {
    sendJson(response, 200, discoveryDocument(openid.options.database, found, base));
    return;
  }
  if (found !== undefined && rest.join("/") === "jwks/") return openid.forward(found, "/jwks", request, response);
  sendPage(response, 404, pageNotFound);
}

async function forClient(
  openid: OpenidProviders,
  endpoint: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const form = new URLSearchParams(await readText(request));
  takeBasicCredentials(request, form);
  const found = applicationByClient(openid.options.database, form.get("client_id") ?? "");
  if (found === undefined) {
    sendJson(response, 400, tokenError("invalid_client"));
    return;
  }
  if (endpoint === "token") takeMachineCredentials(form, found.provider);
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  return openid.forward(found, `/${endpoint}`, request, response, { headers, body: form.toString() });
}

async function userinfo(openid: OpenidProviders, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const [, token = ""] = /^Bearer (.+)$/i.exec(request.headers.authorization ?? "") ?? [];
  const kept = object(openid.options.database.state.openid[`AccessToken:${token}`]);
  const found = applicationByClient(openid.options.database, text(kept["clientId"]));
  if (found !== undefined) return openid.forward(found, "/userinfo", request, response);
  response.setHeader("www-authenticate", 'error="invalid_token", error_description="The access token is invalid"');
  response.writeHead(401).end();
}

/** Moves client credentials from HTTP Basic to the body, for the library. Authentik does not percent-decode them. */
function takeBasicCredentials(request: IncomingMessage, form: URLSearchParams): void {
  const [, encoded] = /^Basic (.+)$/i.exec(request.headers.authorization ?? "") ?? [];
  if (encoded === undefined) return;
  delete request.headers.authorization;
  const [id = "", ...secret] = Buffer.from(encoded, "base64").toString().split(":");
  form.set("client_id", id);
  form.set("client_secret", secret.join(":"));
}

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
