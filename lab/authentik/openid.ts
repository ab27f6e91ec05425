// Stands in for Authentik: its OAuth2 and OpenID addresses below `/application/o/`, shared by all providers.
import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import type Provider from "oidc-provider";
import { authorize } from "./authorize.ts";
import type { Database } from "./database.ts";
import { object, text } from "./json.ts";
import { takeMachineCredentials } from "./machineGrants.ts";
import { tokenError } from "./openidErrors.ts";
import type { Origin, Origins } from "./origins.ts";
import { pageNotFound } from "./pages.ts";
import { sendJson, sendPage } from "./responses.ts";
import { mappingsOf } from "./scopeMappings.ts";
import type { Sessions, Visit } from "./sessions.ts";
import type { Row } from "./state.ts";

export const openidPrefix = "/application/o/";
export const providerModel = "authentik_providers_oauth2.oauth2provider";

export interface OpenidOptions {
  readonly database: Database;
  readonly sessions: Sessions;
  readonly origins: Origins;
}

/** An application with its OAuth2 provider. */
export interface OpenidApplication {
  readonly application: Row;
  readonly provider: Row;
}

export class Openid {
  readonly options: OpenidOptions;
  readonly #providers = new Map<string, { readonly of: string; readonly made: Promise<Provider> }>();

  constructor(options: OpenidOptions) {
    this.options = options;
  }

  /** Answers a request whose path begins with `/application/o/`. */
  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { base } = this.options.origins.of(request);
    const url = new URL(request.url ?? "/", base);
    const [first = "", ...rest] = url.pathname.slice(openidPrefix.length).split("/");
    switch (`${first}/${rest.join("/")}`) {
      case "authorize/":
        return authorize(this, request, response, url);
      case "token/":
      case "revoke/":
      case "introspect/":
        return this.#forClient(first, request, response);
      case "userinfo/":
        return this.#userinfo(request, response);
    }
    const found = this.bySlug(first);
    if (found !== undefined && rest.join("/") === ".well-known/openid-configuration") {
      sendJson(response, 200, this.#discovery(found, base));
      return;
    }
    if (found !== undefined && rest.join("/") === "jwks/") return this.forward(found, "/jwks", request, response);
    sendPage(response, 404, pageNotFound);
  }

  bySlug(slug: string): OpenidApplication | undefined {
    const { database } = this.options;
    const application = database.find("authentik_core.application", { slug });
    const provider = database.get(providerModel, application?.["provider"]);
    return application === undefined || provider === undefined ? undefined : { application, provider };
  }

  byClient(clientId: string): OpenidApplication | undefined {
    const { database } = this.options;
    const provider = database.find(providerModel, { client_id: clientId });
    const application = database.find("authentik_core.application", { provider: provider?.pk ?? -1 });
    return application === undefined || provider === undefined ? undefined : { application, provider };
  }

  /** Hands a request to the OpenID provider of an application, under the path that it knows. */
  async forward(
    application: OpenidApplication,
    path: string,
    request: IncomingMessage,
    response: ServerResponse,
    change: { readonly headers?: Readonly<Record<string, string>>; readonly body?: string } = {},
  ): Promise<void> {
    const provider = await this.#providerOf(application, this.options.origins.of(request).base);
    // A request of our own, since the original's body is read already and its cookies are none of the library's business.
    const inner = new IncomingMessage(request.socket);
    const { authorization, "content-type": type, accept, host } = request.headers;
    const passed = { authorization, "content-type": type, accept, host, ...change.headers };
    inner.headers = Object.fromEntries(Object.entries(passed).filter(([, value]) => value !== undefined));
    inner.method = request.method;
    inner.url = path;
    if (change.body !== undefined) {
      inner.headers["content-length"] = String(Buffer.byteLength(change.body));
      inner.push(change.body);
    }
    inner.push(null);
    // An incomplete request takes its connection down when it is thrown away.
    inner.complete = true;
    await provider.callback()(inner, response);
  }

  /** Ends a flow that an authorization was for. */
  async authorize(query: string, visit: Visit, origin: Origin): Promise<string> {
    const found = this.byClient(new URLSearchParams(query).get("client_id") ?? "");
    if (found === undefined) throw new Error("The application of this authorization has gone.");
    return this.grant(found, `?${query}`, visit.id, origin);
  }

  /** Where the library sends somebody whom an authorization is granted to: the application, with a code. */
  async grant(found: OpenidApplication, search: string, session: string, { base }: Origin): Promise<string> {
    const request = new IncomingMessage(new Socket());
    const answer = new ServerResponse(request);
    const { sessionCookie } = await import("./openidProvider.ts");
    const { host } = new URL(base);
    Object.assign(request, { method: "GET", url: `/authorize${search}`, complete: true });
    request.headers = { host, cookie: `${sessionCookie}=${session}` };
    request.push(null);
    const provider = await this.#providerOf(found, base);
    await provider.callback()(request, answer);
    const location = answer.getHeader("location");
    if (typeof location !== "string") throw new Error(`The authorization was answered with ${answer.statusCode}.`);
    return location;
  }

  issuer({ application }: OpenidApplication, base: string): string {
    return `${base}${openidPrefix}${text(application["slug"])}/`;
  }

  /** The running provider, made anew when anything that it was made from has changed. */
  async #providerOf(found: OpenidApplication, base: string): Promise<Provider> {
    const { database, sessions } = this.options;
    const issuer = this.issuer(found, base);
    const { provider: row } = found;
    const of = JSON.stringify([
      row,
      mappingsOf(database, row),
      database.get("authentik_crypto.certificatekeypair", row["signing_key"])?.pk,
    ]);
    const existing = this.#providers.get(issuer);
    if (existing?.of === of) return existing.made;
    const userOfSession = (id: string) => {
      const session = database.state.sessions[id];
      const user = session === undefined ? undefined : sessions.userOf({ session });
      return user === undefined ? undefined : { user, authTime: session?.authTime ?? 0 };
    };
    // Loaded at the first use: it is large, and a lab that nobody signs in to need not wait for it.
    const made = import("./openidProvider.ts").then(({ createOpenidProvider }) =>
      createOpenidProvider({ database, row: structuredClone(row), issuer, userOfSession }),
    );
    this.#providers.set(issuer, { of, made });
    return made;
  }

  async #forClient(endpoint: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const form = new URLSearchParams(await readText(request));
    takeBasicCredentials(request, form);
    const found = this.byClient(form.get("client_id") ?? "");
    if (found === undefined) {
      sendJson(response, 400, tokenError("invalid_client"));
      return;
    }
    if (endpoint === "token") takeMachineCredentials(form, found.provider);
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    return this.forward(found, `/${endpoint}`, request, response, { headers, body: form.toString() });
  }

  async #userinfo(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [, token = ""] = /^Bearer (.+)$/i.exec(request.headers.authorization ?? "") ?? [];
    const kept = object(this.options.database.state.openid[`AccessToken:${token}`]);
    const found = this.byClient(text(kept["clientId"]));
    if (found !== undefined) return this.forward(found, "/userinfo", request, response);
    response.setHeader("www-authenticate", 'error="invalid_token", error_description="The access token is invalid"');
    response.writeHead(401).end();
  }

  #discovery(found: OpenidApplication, base: string): Record<string, unknown> {
    const shared = `${base}${openidPrefix}`;
    const issuer = this.issuer(found, base);
    const { provider } = found;
    return {
      issuer,
      authorization_endpoint: `${shared}authorize/`,
      token_endpoint: `${shared}token/`,
      userinfo_endpoint: `${shared}userinfo/`,
      end_session_endpoint: `${issuer}end-session/`,
      introspection_endpoint: `${shared}introspect/`,
      revocation_endpoint: `${shared}revoke/`,
      device_authorization_endpoint: `${shared}device/`,
      backchannel_logout_supported: true,
      backchannel_logout_session_supported: true,
      response_types_supported: [
        "code",
        "id_token",
        "id_token token",
        "code token",
        "code id_token",
        "code id_token token",
      ],
      response_modes_supported: ["query", "fragment", "form_post"],
      jwks_uri: `${issuer}jwks/`,
      grant_types_supported: [
        "authorization_code",
        "refresh_token",
        "implicit",
        "client_credentials",
        "password",
        "urn:ietf:params:oauth:grant-type:device_code",
      ],
      id_token_signing_alg_values_supported: [provider["signing_key"] === null ? "HS256" : "RS256"],
      subject_types_supported: ["public"],
      token_endpoint_auth_methods_supported: ["client_secret_post", "client_secret_basic"],
      acr_values_supported: ["goauthentik.io/providers/oauth2/default"],
      scopes_supported: mappingsOf(this.options.database, provider).map((mapping) => mapping["scope_name"]),
      request_parameter_supported: false,
      claims_supported: ["sub", "iss", "aud", "exp", "iat", "auth_time"],
      claims_parameter_supported: false,
      code_challenge_methods_supported: ["plain", "S256"],
    };
  }
}

/** Clients may send their secret either way; the library is told one. */
function takeBasicCredentials(request: IncomingMessage, form: URLSearchParams): void {
  const [, encoded] = /^Basic (.+)$/i.exec(request.headers.authorization ?? "") ?? [];
  if (encoded === undefined) return;
  delete request.headers.authorization;
  const [id = "", ...secret] = Buffer.from(encoded, "base64").toString().split(":");
  form.set("client_id", decodeURIComponent(id));
  form.set("client_secret", decodeURIComponent(secret.join(":")));
}

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
