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
 * Checks, before a stack first uses a client ID, that no other provider has that client ID or the provider's name: the blueprint finds its provider by
 * either, and would overwrite somebody else's.
 * Without permission to view providers, it does nothing.
 *
 * @param formerClientId the client ID that this stack's provider has had. Default: it has no provider yet
 * @throws ZotAuthError `CLIENT_ID_TAKEN`
 */
export async function checkClientId(
  connection: AuthentikConnection,
  { clientId, providerName }: DeclaredProvider,
  context: Context,
  formerClientId?: string,
): Promise<void> {
  const authentik = new Authentik(connection, context.signal);
  const seen = await ifAllowed(async () => ({ provider: await authentik.oauth2ProviderOf(clientId) }));
  const name = string(at(seen?.provider, "name"));
  if (name === providerName) return;
  if (name === "") {
    const namesake = await ifAllowed(async () => ({ provider: await authentik.oauth2ProviderNamed(providerName) }));
    const theirs = string(at(namesake?.provider, "client_id"));
    if (theirs === "" || theirs === formerClientId) return;
    throw new ZotAuthError(
      "CLIENT_ID_TAKEN",
      `The OAuth2 provider "${providerName}" (authentik.providerName) in Authentik has another client ID, "${theirs}". To take that provider over, set authentik.clientId to "${theirs}"; otherwise choose another authentik.providerName.`,
    );
  }
  const slug = string(at(seen?.provider, "assigned_application_slug"));
  const application = slug === "" ? "" : ` and authentik.application to "${slug}"`;
  throw new ZotAuthError(
    "CLIENT_ID_TAKEN",
    `The client ID "${clientId}" (authentik.clientId) belongs to the OAuth2 provider "${name}" in Authentik. To take that provider over, set authentik.providerName to "${name}"${application}; otherwise choose another authentik.clientId.`,
  );
}
