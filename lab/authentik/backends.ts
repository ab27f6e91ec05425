// Stands in for Authentik: the ways in which a password stage takes a password.
import { passwordMatches } from "./credentials.ts";
import type { Database } from "./database.ts";
import type { Json } from "./json.ts";
import { text } from "./json.ts";
import type { Row } from "./state.ts";

/** Whether any of the backends takes the password. */
export function authenticate(database: Database, backends: readonly Json[], user: Row, password: string): boolean {
  return backends.some((backend) => {
    switch (text(backend)) {
      case "authentik.core.auth.InbuiltBackend":
        return user["is_active"] === true && passwordMatches(password, text(user["password"]));
      case "authentik.core.auth.TokenBackend":
        return isAppPassword(database, user, password);
      default:
        // LDAP and Kerberos know nobody in the lab.
        return false;
    }
  });
}

/** An app password is taken for inactive accounts too; it is the login stage that refuses those. */
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

function isLive(token: Row, key: string): boolean {
  const expired = token["expiring"] === true && Date.parse(text(token["expires"])) <= Date.now();
  return token["key"] === key && !expired;
}
