// Stands in for Authentik: authentication and permissions of its API.
import type { Context } from "hono";
import { HTTPException } from "hono/http-exception";
import { userOfApiToken } from "../flows/passwordBackends.ts";
import type { Database } from "../models/database.ts";
import type { Json } from "../../shared/json.ts";
import type { Origins } from "../sessions/origins.ts";
import { incoming } from "../sessions/origins.ts";
import { isSuperuser, permissionsOf } from "../policies/policies.ts";
import type { Sessions } from "../sessions/sessions.ts";
import type { Row } from "../models/state.ts";

/** Ends the handling of a request with this response. */
export function refuse(status: 400 | 403 | 404 | 405, body: Json): never {
  throw new HTTPException(status, { res: Response.json(body, { status }) });
}

const forbidden = { detail: "You do not have permission to perform this action." };

/** The account that sent a request. */
export class Caller {
  readonly user: Row;
  readonly isSuperuser: boolean;
  readonly #permissions: ReadonlySet<Json>;

  constructor(user: Row, database: Database) {
    this.user = user;
    this.isSuperuser = isSuperuser(database, user);
    this.#permissions = permissionsOf(database, user);
  }

  may(permission: string): boolean {
    return this.isSuperuser || this.#permissions.has(permission);
  }

  require(...permissions: readonly string[]): void {
    if (!permissions.every((permission) => this.may(permission))) refuse(403, forbidden);
  }
}

/** Authenticates a request by API token or browser session. A session requires a CSRF token for changes. */
export class Access {
  readonly #database: Database;
  readonly #sessions: Sessions;
  readonly #origins: Origins;

  constructor(database: Database, sessions: Sessions, origins: Origins) {
    this.#database = database;
    this.#sessions = sessions;
    this.#origins = origins;
  }

  caller(c: Context): Caller {
    const header = c.req.header("authorization");
    if (header !== undefined) return this.#byToken(header);
    const visit = this.#sessions.find(c.req.header("cookie"), this.#origins.of(incoming(c)));
    const user = this.#sessions.userOf(visit);
    if (visit === undefined || user === undefined)
      refuse(403, { detail: "Authentication credentials were not provided." });
    if (!["GET", "HEAD", "OPTIONS"].includes(c.req.method) && c.req.header("x-authentik-csrf") !== visit.session.csrf)
      refuse(403, { detail: "CSRF Failed: CSRF token missing." });
    for (const cookie of this.#sessions.cookiesOf(visit)) c.header("set-cookie", cookie, { append: true });
    return new Caller(user, this.#database);
  }

  #byToken(header: string): Caller {
    const [, key] = /^Bearer (.+)$/i.exec(header) ?? [];
    const user = key === undefined ? undefined : userOfApiToken(this.#database, key);
    if (user === undefined) refuse(403, { detail: "Token invalid/expired" });
    return new Caller(user, this.#database);
  }
}
