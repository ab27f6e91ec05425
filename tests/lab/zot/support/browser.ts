// A browser for the tests: follows redirects and keeps a cookie jar per server.
import assert from "node:assert/strict";
import { personHeader } from "./identityProvider.ts";

export class Browser {
  readonly #person: string;
  readonly #jars = new Map<string, Map<string, string>>();

  constructor(person: string) {
    this.#person = person;
  }

  /** Sends one request, without following redirects. */
  async fetch(url: string, init: RequestInit = {}): Promise<Response> {
    const { origin } = new URL(url);
    const headers = new Headers(init.headers);
    headers.set(personHeader, this.#person);
    if (this.cookies(origin) !== "") headers.set("Cookie", this.cookies(origin));
    const response = await fetch(url, { ...init, headers, redirect: "manual" });
    this.#keep(origin, response.headers.getSetCookie());
    return response;
  }

  /** Signs in to zot and returns the callback's response, without following its redirect. */
  async signIn(zot: string, callbackUi = "/"): Promise<Response> {
    const login = `${zot}/zot/auth/login?provider=oidc&callback_ui=${encodeURIComponent(callbackUi)}`;
    return this.fetch(await this.followToCallback(login));
  }

  /** Follows redirects up to zot's callback and returns its URL without requesting it. */
  async followToCallback(start: string): Promise<string> {
    let url = start;
    for (let step = 0; step < 10; step++) {
      if (new URL(url).pathname.startsWith("/zot/auth/callback/")) return url;
      const response = await this.fetch(url);
      const location = response.headers.get("location");
      assert.ok(
        location !== null,
        `${url} returned ${response.status} without a Location header: ${await response.text()}`,
      );
      url = new URL(location, url).href;
    }
    throw new Error("The sign-in did not reach zot's callback within 10 redirects.");
  }

  /** The cookies for a server, as a header. */
  cookies(origin: string): string {
    return [...(this.#jars.get(origin) ?? [])].map(([name, value]) => `${name}=${value}`).join("; ");
  }

  #keep(origin: string, setCookies: readonly string[]): void {
    const jar = this.#jars.get(origin) ?? new Map<string, string>();
    this.#jars.set(origin, jar);
    for (const header of setCookies) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(header) ?? [];
      if (value === "" || /Max-Age=0|Expires=Thu, 01 Jan 1970/i.test(header)) jar.delete(name);
      else jar.set(name, value);
    }
  }
}
