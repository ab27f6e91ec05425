// Replays recorded conversations with a real zot: recorded values that change with every run are replaced by those of this run.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { zotVersion } from "../../../../lab/zot/version.ts";
import { Browser } from "../support/browser.ts";
import { comparable } from "../access/matrix.ts";
import type { TestRegistry } from "../support/registry.ts";
import { withoutBuild } from "../support/releaseDifferences.ts";

export interface Entry {
  /** `session:admin`, or the client's name in the recording. */
  readonly who: string;
  readonly note: string | null;
  readonly request: {
    readonly method: string;
    readonly url: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string | null;
  };
  readonly response: {
    readonly status: number;
    readonly headers: readonly (readonly [string, string])[];
    readonly body: string | null;
  };
}

const file = new URL("../../../data/zot/transcripts.json", import.meta.url);
export const entries = JSON.parse(readFileSync(file, "utf8")) as readonly Entry[];

const recorded = { zot: "127.0.0.1:5600", idp: "127.0.0.1:9400" };
// Content-Length follows from the body, and Go omits it for long responses.
const headerNames = [
  ...new Set(entries.flatMap(({ response }) => response.headers.map(([name]) => name.toLowerCase()))),
]
  .filter((name) => name !== "content-length")
  .sort();

/** The entry with the response of an older release. */
export function entryOf(release: string, entry: Entry): Entry {
  const version = zotVersion(release);
  const { request, response } = entry;
  if (request.url.endsWith("/zot/auth/logout") && !version.logoutEndsProviderSession) {
    const headers = response.headers.filter(([name]) => name !== "Content-Type");
    return { ...entry, response: { ...response, headers, body: "" } };
  }
  // The login of this callback requested a redirect to another site.
  if (response.body === elsewhere.refused && isAskedElsewhere(entry) && !version.callbackRestricted) {
    const headers = response.headers.map(
      ([name, value]) => [name, name === "Location" ? elsewhere.url : value] as const,
    );
    return { ...entry, response: { ...response, headers, body: elsewhere.followed } };
  }
  if (response.status === 413 && !version.apiKeyBodyLimited) {
    const made = entries.find(({ request: { url, body } }) => url === request.url && body === '{"label":"noct"}');
    assert.ok(made !== undefined);
    return { ...entry, response: { ...made.response, body: "x".repeat(cutOff.response) } };
  }
  return entry;
}

const elsewhere = {
  url: "http://evil.test/x",
  refused: '<a href="/">Found</a>.\n\n',
  followed: '<a href="http://evil.test/x">Found</a>.\n\n',
};

function isAskedElsewhere(callback: Entry): boolean {
  const starts = entries.slice(0, entries.indexOf(callback)).filter(({ note }) => note === "login start");
  return starts.at(-1)?.request.url.includes(encodeURIComponent(elsewhere.url)) === true;
}

/** The recording truncated longer bodies. */
const cutOff = { request: 2000, response: 3000 };

/** A truncated request body is replaced by one that is too long if zot rejected it, and just short enough if it did not. */
function wholeRequest({ request: { body }, response }: Entry): string | null {
  if (body?.length !== cutOff.request) return body;
  return JSON.stringify({ label: "x".repeat(response.status === 413 ? 8192 : 8000) });
}

export class Conversation {
  readonly #registry: TestRegistry;
  readonly #release: string;
  /** Maps recorded cookies, keys, ids and codes to those of this run. */
  readonly #live = new Map<string, string>();
  readonly #callbacks = new Map<string, string>();
  #previous: Entry | undefined;
  #expiry = 0;

  constructor(registry: TestRegistry, release: string) {
    this.#registry = registry;
    this.#release = release;
  }

  /** Replays one entry. A browser sends the requests to the identity provider, because its pages are not zot's. */
  async replay(original: Entry): Promise<void> {
    if (!original.request.url.includes(recorded.zot)) return;
    const entry = entryOf(this.#release, original);
    await this.#letTimePass(entry);
    const answer = await this.#send(entry, wholeRequest(original));
    const body = await answer.text();
    this.#learn(entry, answer, body);
    const isCutOff = entry.response.body?.length === cutOff.response;
    assert.deepEqual(this.#seen(answer, isCutOff ? "" : body), this.#expected(entry, isCutOff));
    if (entry.note === "login start") {
      const browser = new Browser(entry.who.replace("session:", ""));
      const location = answer.headers.get("location") ?? "";
      this.#callbacks.set(entry.who, await browser.followToCallback(location));
    }
    this.#previous = entry;
  }

  /** If a repeated request has a different response, the short-lived key has expired: waits until it has. */
  async #letTimePass(entry: Entry): Promise<void> {
    const again = JSON.stringify(this.#previous?.request) === JSON.stringify(entry.request);
    if (again && this.#previous?.response.status !== entry.response.status) {
      await delay(Math.max(this.#expiry - Date.now(), 0) + 50);
    }
  }

  async #send(entry: Entry, originalBody: string | null): Promise<Response> {
    const { who, note, request } = entry;
    const headers: Record<string, string> = {};
    for (const [name, value] of Object.entries(request.headers)) {
      if (name === "Content-Length") continue;
      headers[name] = name === "Authorization" ? this.#authorization(value) : this.#replaced(value);
    }
    const callback = note === "redirect" ? this.#callbacks.get(who) : undefined;
    if (callback !== undefined) this.#learnQuery(request.url, callback);
    const { host } = new URL(this.#registry.url);
    const url =
      callback ??
      this.#replaced(request.url)
        .replaceAll(recorded.zot, host)
        .replaceAll(encodeURIComponent(recorded.zot), encodeURIComponent(host));
    const body = originalBody === null ? {} : { body: this.#shortLived(this.#replaced(originalBody)) };
    return fetch(url, { method: request.method, headers, redirect: "manual", ...body });
  }

  /** Replaces a date that was three seconds ahead in the recording with one up to two seconds ahead. */
  #shortLived(body: string): string {
    return body.replace(/(?<="expirationDate": ")2026-11-24T[^"]+/, () => {
      this.#expiry = Math.ceil(Date.now() / 1000) * 1000 + 1000;
      return new Date(this.#expiry).toISOString().replace(".000", "");
    });
  }

  #authorization(value: string): string {
    const [scheme = "", credentials = ""] = value.split(" ");
    if (scheme !== "Basic" || !/^[A-Za-z0-9+/]+=*$/.test(credentials)) return this.#replaced(value);
    const live = this.#replaced(Buffer.from(credentials, "base64").toString());
    return `Basic ${Buffer.from(live).toString("base64")}`;
  }

  #replaced(text: string): string {
    let result = text;
    for (const [old, live] of this.#live) result = result.replaceAll(old, live);
    return result;
  }

  #learn({ response }: Entry, answer: Response, body: string): void {
    const pairs = (pattern: RegExp, old: string, live: string): void => {
      const values = [...live.matchAll(pattern)].map(([value]) => value);
      [...old.matchAll(pattern)].forEach(([value], index) => this.#live.set(value, values[index] ?? value));
    };
    const cookies = response.headers.filter(([name]) => name === "Set-Cookie").map(([, value]) => value);
    pairs(/(?<=^\w+=)[^;]{20,}/gm, cookies.join("\n"), answer.headers.getSetCookie().join("\n"));
    const location = response.headers.find(([name]) => name === "Location")?.[1] ?? "";
    pairs(uuid, location, answer.headers.get("location") ?? "");
    if (!/"apiKey":/.test(response.body ?? "")) return;
    pairs(/(?<="uuid":")[^"]+/g, response.body ?? "", body);
    // Some requests use a key without its prefix, or in upper case.
    pairs(/(?<="apiKey":"zak_)[^"]+/g, response.body ?? "", body);
    for (const [old, live] of [...this.#live]) this.#live.set(old.toUpperCase(), live.toUpperCase());
  }

  #learnQuery(old: string, live: string): void {
    const parameters = new URL(live).searchParams;
    for (const [name, value] of new URL(old).searchParams) this.#live.set(value, parameters.get(name) ?? value);
  }

  #seen(answer: Response, body: string): object {
    const { host } = new URL(this.#registry.url);
    const mask = masking(host, new URL(this.#registry.idp.issuer).host);
    const headers = headerNames.flatMap((name) =>
      (name === "set-cookie" ? answer.headers.getSetCookie() : [answer.headers.get(name) ?? []].flat()).map(
        (value) => `${name}: ${mask(value)}`,
      ),
    );
    return { status: answer.status, headers, body: mask(shownBody(answer.headers.get("content-type"), body)) };
  }

  #expected({ response }: Entry, isCutOff: boolean): object {
    const mask = masking(recorded.zot, recorded.idp);
    const headers = headerNames.flatMap((name) =>
      response.headers.filter(([own]) => own.toLowerCase() === name).map(([, value]) => `${name}: ${mask(value)}`),
    );
    const type = response.headers.find(([name]) => name === "Content-Type")?.[1] ?? null;
    return { status: response.status, headers, body: isCutOff ? "" : mask(shownBody(type, response.body ?? "")) };
  }
}

const uuid = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;

/** The recording, the lab and a real zot have different web UIs: any page is accepted. */
function shownBody(contentType: string | null, body: string): string {
  return contentType?.startsWith("text/html") === true && body.startsWith("<!") ? "<page>" : body;
}

/** Masks what changes with every run: servers, times, keys, ids, cookies and the build. */
function masking(zot: string, idp: string): (text: string) => string {
  return (text) =>
    withoutBuild(comparable(text))
      .replaceAll(zot, "<zot>")
      .replaceAll(encodeURIComponent(zot), "<zot>")
      .replaceAll(idp, "<idp>")
      .replaceAll(encodeURIComponent(idp), "<idp>")
      .replace(/^(\w+=)[^;]{20,}/, "$1<value>")
      .replace(/Expires=\w{3}, \d\d \w{3} 20[^;]*/, "Expires=<time>");
}
