// Stands in for Authentik: which addresses a provider sends people back to, and which grants it gives.
import { isObject, list, text } from "../../shared/json.ts";
import type { Row } from "../models/state.ts";

/** Whether a provider sends people back to this address. */
export function isRedirectUriAllowed(provider: Row, uri: string): boolean {
  return list(provider["redirect_uris"]).some((allowed) => {
    if (!isObject(allowed)) return false;
    const url = text(allowed["url"]);
    return allowed["matching_mode"] === "regex" ? new RegExp(`^(?:${url})$`).test(uri) : url === uri;
  });
}

/** From 2026.5 on a provider says which grants it gives. Before, the object has no such field. */
export function allowsGrant(provider: Row, grant: string): boolean {
  const grants = provider["grant_types"];
  return grants === undefined || list(grants).includes(grant);
}
