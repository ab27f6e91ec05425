import { Cookie, CookieJar as ToughJar } from "tough-cookie";
import type { HttpResponse } from "./http.ts";

/**
 * The cookies of one server during one sign-in.
 *
 * `Secure` cookies are also kept on plain http to a loopback address, as curl and browsers do: nobody can eavesdrop there. zot marks
 * its state cookie `Secure` even on http, and without it the callback fails. Everywhere else such a cookie needs https; {@link refused}
 * lists those that were not kept.
 */
export class CookieJar {
  readonly #jar = new ToughJar(undefined, { allowSecureOnLocal: true, rejectPublicSuffixes: false });
  readonly #refused = new Set<string>();

  /** Names of `Secure` cookies that came over plain http from another machine, and are not kept. */
  get refused(): readonly string[] {
    return [...this.#refused];
  }

  async header(url: string): Promise<string> {
    return this.#jar.getCookieString(url);
  }

  async keep(answer: HttpResponse, url: string): Promise<void> {
    for (const text of answer.cookies) {
      const kept = await this.#jar.setCookie(text, url, { ignoreError: true });
      const name = Cookie.parse(text)?.key;
      // A cookie for another domain is ignored without an error.
      if (kept === undefined && name !== undefined && /;\s*secure\s*(?:;|$)/i.test(text)) this.#refused.add(name);
    }
  }

  async has(name: string, url: string): Promise<boolean> {
    return (await this.#jar.getCookies(url)).some((cookie) => cookie.key === name);
  }

  /** A cookie's value, empty when there is none. */
  async value(name: string, url: string): Promise<string> {
    return (await this.#jar.getCookies(url)).find((cookie) => cookie.key === name)?.value ?? "";
  }
}
