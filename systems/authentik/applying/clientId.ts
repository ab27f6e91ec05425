import { ZotAuthError } from "../../../core/errors.ts";
import { at, string } from "../../../core/json.ts";
import type { Context } from "../../../provider/resource.ts";
import { Authentik } from "../client.ts";
import type { AuthentikConnection } from "../client.ts";
import { ifAllowed } from "../rights/check.ts";

/** What the settings call the OAuth2 provider. */
export interface DeclaredProvider {
  readonly clientId: string;
  readonly providerName: string;
}

/**
 * Checks, before a stack first uses a client ID, that it is nobody else's: the blueprint finds its provider by it, and would rename and change that one.
 * Without permission to view providers, it does nothing.
 *
 * @throws ZotAuthError `CLIENT_ID_TAKEN`
 */
export async function checkClientId(
  connection: AuthentikConnection,
  { clientId, providerName }: DeclaredProvider,
  context: Context,
): Promise<void> {
  const authentik = new Authentik(connection, context.signal);
  const seen = await ifAllowed(async () => ({ provider: await authentik.oauth2ProviderOf(clientId) }));
  const name = string(at(seen?.provider, "name"));
  if (name === "" || name === providerName) return;
  const slug = string(at(seen?.provider, "assigned_application_slug"));
  const application = slug === "" ? "" : ` and authentik.application to "${slug}"`;
  throw new ZotAuthError(
    "CLIENT_ID_TAKEN",
    `The client ID "${clientId}" (authentik.clientId) belongs to the OAuth2 provider "${name}" in Authentik. To take that provider over, set authentik.providerName to "${name}"${application}; otherwise choose another authentik.clientId.`,
  );
}
