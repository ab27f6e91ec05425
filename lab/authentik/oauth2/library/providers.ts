// Stands in for Authentik: runs one OpenID provider of the library for each OAuth2 provider in the database.
import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import type Provider from "oidc-provider";
import type { Database } from "../../models/database.ts";
import type { Origin, Origins } from "../../sessions/origins.ts";
import type { Sessions, Visit } from "../../sessions/sessions.ts";
import { applicationByClient, issuerOf, rootOf } from "../applications.ts";
import type { OpenidApplication } from "../applications.ts";
import { mappingsOf } from "../scopeMappings.ts";

export interface OpenidOptions {
  readonly database: Database;
  readonly sessions: Sessions;
  readonly origins: Origins;
}

export class OpenidProviders {
  readonly options: OpenidOptions;
  readonly #providers = new Map<string, { readonly of: string; readonly made: Promise<Provider> }>();

  constructor(options: OpenidOptions) {
    this.options = options;
  }

  /** Forwards a request to an application's OpenID provider, under the provider's own path. */
  async forward(
    application: OpenidApplication,
    path: string,
    request: IncomingMessage,
    response: ServerResponse,
    change: { readonly headers?: Readonly<Record<string, string>>; readonly body?: string } = {},
  ): Promise<void> {
    const provider = await this.#providerOf(application, this.options.origins.of(request).base);
    // A new request, since the original's body has been read and its cookies must not reach the library.
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
    // Destroying an incomplete request would close its connection.
    inner.complete = true;
    await provider.callback()(inner, response);
  }

  /** Completes the authorization after its flow. */
  async authorize(query: string, visit: Visit, origin: Origin): Promise<string> {
    const found = applicationByClient(this.options.database, new URLSearchParams(query).get("client_id") ?? "");
    if (found === undefined) throw new Error("The application of this authorization no longer exists.");
    return this.grant(found, `?${query}`, visit.id, origin);
  }

  /** The library's redirect after a granted authorization: to the application, with a code. */
  async grant(found: OpenidApplication, search: string, session: string, { base }: Origin): Promise<string> {
    const request = new IncomingMessage(new Socket());
    const answer = new ServerResponse(request);
    const { sessionCookie } = await import("./provider.ts");
    const { host } = new URL(base);
    Object.assign(request, { method: "GET", url: `/authorize${search}`, complete: true });
    request.headers = { host, cookie: `${sessionCookie}=${session}` };
    request.push(null);
    const provider = await this.#providerOf(found, base);
    await provider.callback()(request, answer);
    const location = answer.getHeader("location");
    if (typeof location !== "string") throw new Error(`The authorization failed with status ${answer.statusCode}.`);
    return location;
  }

  /** The running provider, recreated when its configuration has changed. */
  async #providerOf(found: OpenidApplication, base: string): Promise<Provider> {
    const { database, sessions } = this.options;
    const issuer = issuerOf(found, base);
    const root = rootOf(found, base);
    const { provider: row } = found;
    const of = JSON.stringify([
      row,
      mappingsOf(database, row),
      database.get("authentik_crypto.certificatekeypair", row["signing_key"])?.pk,
    ]);
    const existing = this.#providers.get(root);
    if (existing?.of === of) return existing.made;
    const userOfSession = (id: string) => {
      const session = database.state.sessions[id];
      const user = session === undefined ? undefined : sessions.userOf({ session });
      return user === undefined ? undefined : { user, authTime: session?.authTime ?? 0 };
    };
    // Loaded on first use, since the library is large and not every lab signs in.
    const made = import("./provider.ts").then(({ createOpenidProvider }) =>
      createOpenidProvider({ database, row: structuredClone(row), issuer, userOfSession }),
    );
    this.#providers.set(root, { of, made });
    return made;
  }
}
