// Replays the recorded requests to a real Authentik 2026.2.0. Values that this run generates replace the recorded ones.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { CookieJar } from "tough-cookie";
import { ignored } from "./notReplayed.ts";
import type { Lab } from "../support.ts";

export interface Entry {
  readonly name: string;
  readonly request: {
    readonly method: string;
    readonly url: string;
    readonly headers: Readonly<Record<string, string>>;
    /** Names of the cookies in the request. */
    readonly cookies: readonly string[];
    readonly body: string | null;
  };
  readonly response: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly setCookie: readonly string[];
    readonly body: unknown;
  };
}

const file = new URL("../../../data/authentik/transcripts.json", import.meta.url);
export const entries = JSON.parse(readFileSync(file, "utf8")) as readonly Entry[];

const recordedHost = "127.0.0.1:9500";
const recordedUser = { zotCi: 17, robot: 18 };

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** Values that every run generates. Two of them must be equal if the recorded ones are. */
const madeAnew = [uuid, /^[0-9a-f]{64}$/, /^[0-9a-f]{128}$/, /^<(app-password|client-secret)>$/];
/** Values of which only the format can be compared. */
const forms = [/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/, /^[0-9a-f]{32}$/];

export class Conversation {
  readonly #lab: Lab;
  readonly #live = new Map<string, string>();
  readonly #recorded = new Map<string, string>();
  #jar = new CookieJar();

  constructor(lab: Lab) {
    this.#lab = lab;
  }

  /** Maps a recorded value to this run's. */
  teach(recorded: string | number, live: unknown): void {
    const [left, right] = [String(recorded), String(live)];
    assert.equal(this.#live.get(left) ?? right, right, `${left} maps to two values of this run`);
    assert.equal(this.#recorded.get(right) ?? left, left, `${right} maps to two recorded values`);
    this.#live.set(left, right);
    this.#recorded.set(right, left);
  }

  /** Sends the same request and compares the response with the recorded one. */
  async replay({ name, request, response }: Entry): Promise<void> {
    if (request.cookies.length === 0) this.#jar = new CookieJar();
    const url = this.#url(request.url);
    const jar = await this.#jar.getCookies(url);
    assert.deepEqual(jar.map(({ key }) => key).sort(), request.cookies, `${name}: cookies`);
    const answer = await fetch(url, {
      method: request.method,
      redirect: "manual",
      headers: {
        ...mapValues(request.headers, (value) => this.#asked(value)),
        cookie: await this.#jar.getCookieString(url),
        ...(request.body !== null && request.headers["Content-Type"] === undefined
          ? { "content-type": "application/x-www-form-urlencoded" }
          : {}),
      },
      ...(request.body === null ? {} : { body: this.#asked(request.body) }),
    });
    const text = await answer.text();
    const setCookie = answer.headers.getSetCookie();
    for (const cookie of setCookie) await this.#jar.setCookie(cookie, url);
    assert.equal(answer.status, response.status, `${name}: ${text.slice(0, 500)}`);
    const headers = Object.fromEntries(
      ["content-type", "allow", "location"].flatMap((header) => {
        const value = answer.headers.get(header);
        return value === null ? [] : [[header, this.#answered(value)]];
      }),
    );
    assert.deepEqual(headers, mapValues(response.headers, withoutCode), `${name}: headers`);
    assert.deepEqual(setCookie.map(form), response.setCookie.map(form), `${name}: cookies set`);
    const isJson = answer.headers.get("content-type") === "application/json";
    this.#compare(response.body, isJson ? (JSON.parse(text) as unknown) : text, name, "");
  }

  /** Finishes a flow. The recording omits these requests if the flow needs no more input. */
  async finishFlow(slug: string): Promise<void> {
    const url = `${this.#lab.server.url}/api/v3/flows/executor/${slug}/?query=`;
    for (let step = 0; step < 5; step++) {
      const cookie = await this.#jar.getCookieString(url);
      const answer = await fetch(url, { redirect: "manual", headers: { cookie } });
      for (const set of answer.headers.getSetCookie()) await this.#jar.setCookie(set, url);
      if (answer.status !== 302) {
        assert.deepEqual(await answer.json(), { component: "xak-flow-redirect", to: "/" });
        return;
      }
    }
    assert.fail(`the flow ${slug} does not end`);
  }

  #url(recorded: string): string {
    const url = this.#asked(recorded).replace(/(?<=\/users\/)\d+(?=\/)/, (key) => this.#live.get(key) ?? key);
    return url.replace(recordedHost, new URL(this.#lab.server.url).host);
  }

  /** The recorded request with this run's keys and passwords. */
  #asked(text: string): string {
    let asked = text.replace(/(?<="(?:user|pk)": )\d+/g, (key) => this.#live.get(key) ?? key);
    for (const [recorded, live] of this.#live) if (recorded.length > 10) asked = asked.replaceAll(recorded, live);
    return asked;
  }

  #answered(value: string): string {
    return withoutCode(value.replaceAll(new URL(this.#lab.server.url).host, recordedHost));
  }

  #compare(recorded: unknown, live: unknown, name: string, path: string): void {
    const where = `${name}: ${path}`;
    if (ignored(name, path)) return;
    if (isObject(recorded) && isObject(live)) {
      assert.deepEqual(Object.keys(live), Object.keys(recorded), `${where}: fields`);
      for (const [key, value] of Object.entries(recorded)) this.#compare(value, live[key], name, `${path}.${key}`);
    } else if (Array.isArray(recorded) && Array.isArray(live)) {
      // The order of files is arbitrary.
      const [left, right] = path === "" ? [byPath(recorded), byPath(live)] : [recorded, live];
      assert.equal(right.length, left.length, `${where}: ${JSON.stringify(live)}`);
      left.forEach((value, index) => this.#compare(value, right[index], name, `${path}[]`));
    } else if (typeof recorded === "number" && typeof live === "number") {
      this.#compareNumbers(recorded, live, path, where);
    } else if (typeof recorded === "string" && typeof live === "string") {
      this.#compareTexts(recorded, live, where);
    } else {
      assert.equal(live, recorded, where);
    }
  }

  #compareNumbers(recorded: number, live: number, path: string, where: string): void {
    if (path.endsWith(".last_m")) assert.ok(Number.isInteger(live), where);
    else if (recorded === recordedUser.zotCi || recorded === recordedUser.robot) this.teach(recorded, live);
    else if (/\.(pk|num_pk|provider)$/.test(path)) this.#teachKey(path.split(".").at(-1) ?? "", recorded, live);
    else assert.equal(live, recorded, where);
  }

  /** Each kind of object counts its numeric keys separately. */
  #teachKey(kind: string, recorded: number, live: number): void {
    this.teach(`${kind} ${recorded}`, `${kind} ${live}`);
  }

  #compareTexts(recorded: string, live: string, where: string): void {
    if (recorded === live) return;
    if (/^\d+$/.test(recorded) && /^\d+$/.test(live)) {
      this.teach(`number ${recorded}`, `number ${live}`);
      return;
    }
    if (recorded === "<html page>") assert.match(live, /^<!doctype html>/, where);
    else if (recorded === "<jwt>") assert.match(live, /^[\w.-]{40,}$/, where);
    else if (recorded.endsWith("…")) assert.equal(live.slice(0, recorded.length - 1), recorded.slice(0, -1), where);
    else if (madeAnew.some((pattern) => pattern.test(recorded))) this.teach(recorded, live);
    else if (forms.some((pattern) => pattern.test(recorded)))
      assert.ok(
        forms.some((pattern) => pattern.test(recorded) && pattern.test(live)),
        `${where}: ${live}`,
      );
    else
      assert.equal(
        this.#answered(live.replace(/(?<=--user-)\d+$/, (key) => this.#recorded.get(key) ?? key)),
        recorded,
        where,
      );
  }
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const byPath = (files: readonly unknown[]): readonly unknown[] =>
  [...files].sort((left, right) => (pathOf(left) < pathOf(right) ? -1 : 1));
const pathOf = (value: unknown): string => (isObject(value) ? String(value["path"]) : "");

const mapValues = (of: Readonly<Record<string, string>>, change: (value: string) => string): Record<string, string> =>
  Object.fromEntries(Object.entries(of).map(([key, value]) => [key, change(value)]));

/** Masks the code, which is random and in the lab has another length. */
const withoutCode = (value: string): string => value.replace(/(?<=[?&]code=)[\w-]+/, "…");

/** Masks a cookie's secrets and times. The expiry may differ by a second. */
const form = (cookie: string): string =>
  cookie
    .replace(/^([^=]+)=[^;]*/, "$1")
    .replace(/expires=[^;]+/, "expires")
    .replace("Max-Age=300;", "Max-Age=299;");
