// Stands in for Authentik: browser sessions and their cookies.
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { Database } from "../models/database.ts";
import { timestamp } from "../models/database.ts";
import { randomKey } from "../models/fields.ts";
import type { Origin } from "./origins.ts";
import type { Row, Session } from "../models/state.ts";

/** A request and its session. */
export interface Visit {
  id: string;
  session: Session;
  /** Whether the browser uses HTTPS. */
  readonly secure: boolean;
  /** Cookies that the response sets besides the session's. */
  readonly cookies: string[];
}

const day = 86_400;

export class Sessions {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** The session in the request's cookie, or a new anonymous one. */
  open(cookieHeader: string | undefined, origin: Origin): Visit {
    const existing = this.find(cookieHeader, origin);
    if (existing !== undefined) return existing;
    const session: Session = { user: null, plan: null, csrf: randomKey(32), expires: null, authTime: null };
    const id = randomKey(32);
    this.#database.state.sessions[id] = session;
    return { id, session, secure: isSecure(origin), cookies: [] };
  }

  find(cookieHeader: string | undefined, origin?: Origin): Visit | undefined {
    const id = this.#readToken(cookieFrom(cookieHeader, "authentik_session"));
    const session = id === undefined ? undefined : this.#database.state.sessions[id];
    if (id === undefined || session === undefined) return undefined;
    if (session.expires !== null && session.expires <= Date.now()) {
      this.end(id);
      return undefined;
    }
    return { id, session, secure: origin !== undefined && isSecure(origin), cookies: [] };
  }

  /** The signed-in account. A deactivated account's session is not valid. */
  userOf(visit: Pick<Visit, "session"> | undefined): Row | undefined {
    const user = this.#database.get("authentik_core.user", visit?.session.user ?? null);
    return user?.["is_active"] === true ? user : undefined;
  }

  /** Signs an account in. The session gets a new id, which prevents session fixation. */
  signIn(visit: Visit, user: Row, duration: number): void {
    this.end(visit.id);
    const now = Date.now();
    const expires = duration > 0 ? now + duration * 1000 : null;
    Object.assign(visit.session, { user: user.pk, expires, authTime: Math.floor(now / 1000) });
    visit.id = randomKey(32);
    this.#database.state.sessions[visit.id] = visit.session;
    user["last_login"] = timestamp(now);
    const device = this.#signed({ iss: "authentik", device: randomBytes(16).toString("hex") });
    const of = { secure: visit.secure, httpOnly: false };
    visit.cookies.push(
      cookie("authentik_device", device, { ...of, age: 30 * day, expires: now + 30 * day * 1000 }),
      cookie("authentik_csrf", visit.session.csrf, { ...of, age: 364 * day, expires: now + 364 * day * 1000 }),
    );
  }

  end(id: string): void {
    Reflect.deleteProperty(this.#database.state.sessions, id);
  }

  /** Every `Set-Cookie` header of a response, including the session's. */
  cookiesOf({ id, session, secure, cookies }: Visit): readonly string[] {
    const user = this.#database.get("authentik_core.user", session.user ?? null);
    const claims = { sid: id, iss: "authentik", sub: user?.["uuid"] ?? "anonymous", authenticated: user !== undefined };
    const { expires } = session;
    const age = expires === null ? null : Math.floor((expires - Date.now()) / 1000);
    return [...cookies, cookie("authentik_session", this.#signed(claims), { secure, httpOnly: true, age, expires })];
  }

  #signed(claims: Record<string, unknown>): string {
    const encode = (part: unknown) => Buffer.from(JSON.stringify(part)).toString("base64url");
    const content = `${encode({ alg: "HS256", typ: "JWT" })}.${encode(claims)}`;
    return `${content}.${this.#signature(content)}`;
  }

  #readToken(token: string | undefined): string | undefined {
    const [header, payload, signature] = token?.split(".") ?? [];
    if (header === undefined || payload === undefined || signature === undefined) return undefined;
    const expected = Buffer.from(this.#signature(`${header}.${payload}`));
    const given = Buffer.from(signature);
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
    const claims = JSON.parse(Buffer.from(payload, "base64url").toString()) as { readonly sid?: string };
    return claims.sid;
  }

  #signature(content: string): string {
    return createHmac("sha256", this.#database.state.secretKey).update(content).digest("base64url");
  }
}

const isSecure = ({ base }: Origin): boolean => base.startsWith("https:");

interface CookieOptions {
  readonly secure: boolean;
  readonly httpOnly: boolean;
  /** Seconds; `null` until the browser closes. */
  readonly age: number | null;
  /** Milliseconds since 1970. */
  readonly expires: number | null;
}

const cookie = (name: string, value: string, { secure, httpOnly, age, expires }: CookieOptions): string =>
  [
    `${name}=${value}`,
    ...(expires === null ? [] : [`expires=${new Date(expires).toUTCString()}`]),
    ...(httpOnly ? ["HttpOnly"] : []),
    ...(age === null ? [] : [`Max-Age=${age}`]),
    "Path=/",
    secure ? "SameSite=None; Secure" : "SameSite=Lax",
  ].join("; ");

/** The value of a cookie in a `Cookie` header. */
export function cookieFrom(header: string | undefined, name: string): string | undefined {
  const prefix = `${name}=`;
  const pair = header?.split(/;\s*/).find((candidate) => candidate.startsWith(prefix));
  return pair?.slice(prefix.length);
}
