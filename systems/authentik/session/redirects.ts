import { at, list } from "../../../core/json.ts";
import { redirectUri } from "../blueprint/render.ts";
import { Authentik } from "../client.ts";
import type { AuthentikConnection } from "../client.ts";
import { slugOf } from "../issuer.ts";
import { ifAllowed } from "../rights/check.ts";

export interface RegistryOfIssuer extends AuthentikConnection {
  readonly issuer: string;
  /** The registry's address, without a trailing slash. */
  readonly registryUrl: string;
  /** The client ID with which the registry sends people to Authentik. Not compared if it is unknown. */
  readonly clientId: string | undefined;
}

/** Whether Authentik has the issuer's application. If the token may not read that, the answer is yes. */
export async function hasIssuer(
  { issuer, ...connection }: AuthentikConnection & Pick<RegistryOfIssuer, "issuer">,
  signal: AbortSignal,
): Promise<boolean> {
  const seen = await ifAllowed(async () => ({
    application: await new Authentik(connection, signal).application(slugOf(issuer)),
  }));
  return seen === undefined || seen.application !== undefined;
}

/**
 * Whether Authentik lets people sign in to that registry: its application knows the registry's client ID and sends them back there. If the token may not read
 * that, the answer is no.
 */
export async function sendsBackTo(
  { issuer, registryUrl, clientId, ...connection }: RegistryOfIssuer,
  signal: AbortSignal,
): Promise<boolean> {
  const authentik = new Authentik(connection, signal);
  const seen = await ifAllowed(async () => {
    const pk = at(await authentik.application(slugOf(issuer)), "provider");
    return { provider: typeof pk === "number" ? await authentik.oauth2Provider(pk) : undefined };
  });
  const provider = seen?.provider;
  if (clientId !== undefined && at(provider, "client_id") !== clientId) return false;
  return list(at(provider, "redirect_uris")).some((uri) => at(uri, "url") === redirectUri(registryUrl));
}
