// Stands in for Authentik: tokens for an account that sends its app password to the token endpoint, without a browser.
import type Provider from "oidc-provider";
import { errors } from "oidc-provider";
import { isAppPassword } from "../../flows/passwordBackends.ts";
import type { Database } from "../../models/database.ts";
import { text } from "../../../shared/json.ts";
import { passes } from "../../policies/policies.ts";
import { mappingsOf } from "../scopeMappings.ts";
import type { Row } from "../../models/state.ts";

/** Authentik treats both alike. */
export const machineGrants = ["client_credentials", "password"] as const;

export interface MachineGrantOptions {
  readonly database: Database;
  /** The provider object. */
  readonly row: Row;
  readonly subjectOf: (user: Row) => string;
  readonly claimsOf: (user: Row, scope: string) => Record<string, unknown>;
}

/** Reads the account and app password, which may also be in the client secret as `base64("account:password")`. */
export function takeMachineCredentials(form: URLSearchParams, provider: Row): void {
  const grant = form.get("grant_type") ?? "";
  if (!(machineGrants as readonly string[]).includes(grant)) return;
  if (!form.has("username")) {
    const [username = "", ...password] = Buffer.from(form.get("client_secret") ?? "", "base64")
      .toString()
      .split(":");
    form.set("username", username);
    form.set("password", password.join(":"));
  }
  // The app password is sufficient, but the library requires a client secret.
  form.set("client_secret", text(provider["client_secret"]));
}

/** Registers these grants with the library. */
export function registerMachineGrants(provider: Provider, options: MachineGrantOptions): void {
  const { database, row } = options;
  for (const name of machineGrants) {
    provider.registerGrantType<{ username?: string; password?: string; scope?: string }>(
      name,
      async (ctx) => {
        const { client, params } = ctx.oidc;
        const user = database.find("authentik_core.user", { username: params.username ?? "" });
        const application = database.find("authentik_core.application", { provider: row.pk });
        if (user?.["is_active"] !== true || !isAppPassword(database, user, params.password ?? ""))
          throw new errors.InvalidGrant("the app password is wrong");
        if (application === undefined || !passes(database, application, user))
          throw new errors.InvalidGrant("the account may not use the application");
        const scope = scopesOf(database, row, params.scope ?? "");
        const accountId = options.subjectOf(user);
        const grant = new provider.Grant({ accountId, clientId: client.clientId });
        grant.addOIDCScope(scope);
        const grantId = await grant.save();
        const token = new provider.AccessToken({ accountId, client, grantId, gty: name, scope, claims: {} });
        const idToken = new provider.IdToken({ sub: accountId }, { ctx });
        idToken.set("sub", accountId);
        const claims = row["include_claims_in_id_token"] === true ? options.claimsOf(user, scope) : {};
        for (const [claim, value] of Object.entries(claims)) idToken.set(claim, value);
        ctx.body = {
          access_token: await token.save(),
          token_type: "Bearer",
          scope,
          expires_in: token.expiration,
          id_token: await idToken.issue({ use: "idtoken" }),
        };
      },
      ["username", "password", "scope"],
    );
  }
}

/** The requested scopes that the provider has, sorted by name. */
const scopesOf = (database: Database, row: Row, scope: string): string => {
  const known = mappingsOf(database, row).map((mapping) => mapping["scope_name"]);
  const asked = scope.split(" ").filter((name) => known.includes(name));
  return [...new Set(asked)].sort().join(" ");
};
