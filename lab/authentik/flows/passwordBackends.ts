// Stands in for Authentik: the backends of a password stage.
import { passwordMatches } from "../models/credentials.ts";
import type { Database } from "../models/database.ts";
import { isOver } from "../models/database.ts";
import type { Json } from "../../shared/json.ts";
import { text } from "../../shared/json.ts";
import type { Row } from "../models/state.ts";

/** The method of the first backend that accepts the password, `password` or `token`; `undefined` if none does. */
export function authenticate(
  database: Database,
  backends: readonly Json[],
  user: Row,
  password: string,
): "password" | "token" | undefined {
  for (const backend of backends) {
    // The lab has no LDAP or Kerberos users.
    const isPassword = backend === "authentik.core.auth.InbuiltBackend";
    if (isPassword && user["is_active"] === true && passwordMatches(password, text(user["password"])))
      return "password";
    if (backend === "authentik.core.auth.TokenBackend" && isAppPassword(database, user, password)) return "token";
  }
  return undefined;
}

/** Accepts app passwords of inactive accounts too; the login stage rejects those. */
export function isAppPassword(database: Database, user: Row, password: string): boolean {
  return database
    .all("authentik_core.token")
    .some((token) => token["user"] === user.pk && token["intent"] === "app_password" && isLive(token, password));
}

/** The user of an API token. */
export function userOfApiToken(database: Database, key: string): Row | undefined {
  const token = database.all("authentik_core.token").find((other) => other["intent"] === "api" && isLive(other, key));
  const user = database.get("authentik_core.user", token?.["user"]);
  return user?.["is_active"] === true ? user : undefined;
}

const isLive = (token: Row, key: string): boolean => token["key"] === key && !isOver(token);
