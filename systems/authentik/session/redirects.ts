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
}

/** Whether Authentik lets people sign in to that registry: its application sends them back there. If the token may not read that, the answer is no. */
export async function sendsBackTo(
  { issuer, registryUrl, ...connection }: RegistryOfIssuer,
  signal: AbortSignal,
): Promise<boolean> {
  const authentik = new Authentik(connection, signal);
  const uris = await ifAllowed(async () => {
    const pk = at(await authentik.application(slugOf(issuer)), "provider");
    return typeof pk === "number" ? list(at(await authentik.oauth2Provider(pk), "redirect_uris")) : [];
  });
  return (uris ?? []).some((uri) => at(uri, "url") === redirectUri(registryUrl));
}
