// Stands in for zot: browser sessions and the signed cookies that carry them.
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { join } from "node:path";
import { Store } from "../../shared/store.ts";
import { splitOnce } from "../server/http.ts";

/** Lifetime of a session, in seconds. */
export const sessionLifetime = 7200;

interface Session {
  readonly user: string;
  readonly provider: string;
  /** Milliseconds since 1970. */
  readonly expires: number;
}

export class Sessions {
  readonly #store: Store<Record<string, Session>>;
  readonly #hashKey: string;

  /** Without a hash key, sessions end with the process, because cookies signed with another key are rejected. */
  constructor(rootDirectory: string, hashKey: string | undefined) {
    this.#store = Store.open<Record<string, Session>>(join(rootDirectory, "_lab", "sessions.json"), () => ({}));
    this.#hashKey = hashKey ?? randomBytes(64).toString("hex");
  }

  /** Starts a session and returns the value of its cookie. */
  start(user: string, provider: string): string {
    const id = randomBytes(24).toString("hex");
    this.#store.data[id] = { user, provider, expires: Date.now() + sessionLifetime * 1000 };
    this.#store.save();
    return this.sign("session", id);
  }

  find(cookie: string | undefined): Session | undefined {
    const id = this.verify("session", cookie, sessionLifetime);
    const session = id === undefined ? undefined : this.#store.data[id];
    return session !== undefined && session.expires > Date.now() ? session : undefined;
  }

  end(cookie: string | undefined): void {
    const id = this.verify("session", cookie, sessionLifetime);
    if (id === undefined) return;
    Reflect.deleteProperty(this.#store.data, id);
    this.#store.save();
  }

  /** Signs the value of a cookie. */
  sign(name: string, value: string): string {
    const payload = Buffer.from(JSON.stringify({ time: Date.now(), value })).toString("base64url");
    return `${payload}.${this.#mac(name, payload)}`;
  }

  /** The signed value. Undefined if the signature is invalid or older than `maxAge` seconds. */
  verify(name: string, cookie: string | undefined, maxAge: number): string | undefined {
    const [payload = "", mac = ""] = splitOnce(cookie ?? "", ".");
    const expected = Buffer.from(this.#mac(name, payload));
    const given = Buffer.from(mac);
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
    const { time, value } = JSON.parse(Buffer.from(payload, "base64url").toString()) as { time: number; value: string };
    return Date.now() - time <= maxAge * 1000 ? value : undefined;
  }

  #mac(name: string, payload: string): string {
    return createHmac("sha256", this.#hashKey).update(`${name}|${payload}`).digest("base64url");
  }
}
