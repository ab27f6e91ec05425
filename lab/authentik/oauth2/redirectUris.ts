// Stands in for Authentik: the redirect URIs and grant types that a provider allows.
import { isObject, list, text } from "../../shared/json.ts";
import type { Row } from "../models/state.ts";

/** Whether a provider allows this redirect URI. */
export function isRedirectUriAllowed(provider: Row, uri: string): boolean {
  return list(provider["redirect_uris"]).some((allowed) => {
    if (!isObject(allowed)) return false;
    const url = text(allowed["url"]);
    return allowed["matching_mode"] === "regex" ? new RegExp(`^(?:${url})$`).test(uri) : url === uri;
  });
}

/** Whether a provider allows a grant type. Providers have this setting since 2026.5. */
export function allowsGrant(provider: Row, grant: string): boolean {
  const grants = provider["grant_types"];
  return grants === undefined || list(grants).includes(grant);
}
