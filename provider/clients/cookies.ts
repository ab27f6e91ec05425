import { CookieJar as ToughJar } from "tough-cookie";
import type { Answer } from "./http.ts";

/**
 * The cookies of one server during one sign-in.
 *
 * `Secure` cookies are kept on plain http to a loopback address too, as curl and browsers do there: zot marks its state cookie `Secure`
 * even on http, and without it the callback fails.
 */
export class CookieJar {
  readonly #jar = new ToughJar(undefined, { allowSecureOnLocal: true, rejectPublicSuffixes: false });

  async header(url: string): Promise<string> {
    return this.#jar.getCookieString(url);
  }

  async keep(answer: Answer, url: string): Promise<void> {
    for (const cookie of answer.headers.getSetCookie()) await this.#jar.setCookie(cookie, url, { ignoreError: true });
  }

  async has(name: string, url: string): Promise<boolean> {
    return (await this.#jar.getCookies(url)).some((cookie) => cookie.key === name);
  }

  /** A cookie's value, empty when there is none. */
  async value(name: string, url: string): Promise<string> {
    return (await this.#jar.getCookies(url)).find((cookie) => cookie.key === name)?.value ?? "";
  }
}
