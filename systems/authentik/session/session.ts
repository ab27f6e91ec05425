import { ZotAuthError } from "../../../core/errors.ts";
import { authentikEndpoint } from "../client.ts";
import { CookieJar } from "../../../core/http/cookies.ts";
import { pathOn } from "../../../core/http/pathOn.ts";
import { request } from "../../../core/http/http.ts";
import type { HttpResponse, Endpoint } from "../../../core/http/http.ts";

/** The cookies of a session at Authentik. */
export class AuthentikSession {
  readonly endpoint: Endpoint;
  readonly #jar = new CookieJar();
  readonly #signal: AbortSignal;

  constructor(url: string, signal: AbortSignal) {
    this.endpoint = authentikEndpoint(url);
    this.#signal = signal;
  }

  async get(path: string): Promise<HttpResponse> {
    return this.#request(path, {});
  }

  async post(path: string, json: unknown): Promise<HttpResponse> {
    return this.#request(path, { method: "POST", json });
  }

  /**
   * The path on this server of a URL, which may be absolute or relative.
   *
   * @throws ZotAuthError `AUTHENTIK_SENDS_ELSEWHERE` for another server, which must not receive our cookies
   */
  pathOf(address: string): string {
    const path = pathOn(this.endpoint, address);
    if (path !== undefined) return path;
    const url = URL.parse(address, this.endpoint.url);
    throw new ZotAuthError(
      "AUTHENTIK_SENDS_ELSEWHERE",
      `The server at authentik.url ${this.endpoint.url} redirects the sign-in to ${url?.origin ?? "an invalid address"}. Set authentik.url to the address that people use.`,
    );
  }

  /** @throws ZotAuthError `COOKIE_NOT_KEPT` */
  async #request(path: string, options: { method?: "POST"; json?: unknown }): Promise<HttpResponse> {
    const url = this.endpoint.url + path;
    const headers = { cookie: await this.#jar.header(url), accept: "application/json, text/html;q=0.9" };
    const answer = await request(this.endpoint, path, { ...options, headers, signal: this.#signal });
    await this.#jar.keep(answer, url);
    assertKept(this.#jar, this.endpoint);
    return answer;
  }
}

/** Without its cookies every request begins a new session, and the resulting errors explain nothing. */
export function assertKept(jar: CookieJar, { name, url, setting }: Endpoint): void {
  if (jar.refused.length === 0) return;
  throw new ZotAuthError(
    "COOKIE_NOT_KEPT",
    `${name} marks its cookies (${jar.refused.join(", ")}) \`Secure\`, and ${setting} ${url} is plain http to another machine, where browsers reject them. ` +
      `Put https in front of ${name} and set ${setting} to that address.`,
  );
}
