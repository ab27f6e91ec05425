import { Cookie, CookieJar as ToughJar } from "tough-cookie";
import type { HttpResponse } from "./http.ts";

/**
 * The cookies of one server during one sign-in.
 *
 * `Secure` cookies are kept on plain http to a loopback address too, as curl and browsers do there: nobody can listen in between. zot marks
 * its state cookie `Secure` even on http, and without it the callback fails. Everywhere else such a cookie needs https, and what is not kept
 * is listed by {@link refused}.
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
      // A cookie for another domain is not ours to have, and no fault.
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
