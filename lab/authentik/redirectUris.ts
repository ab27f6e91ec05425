// Stands in for Authentik: which addresses a provider sends people back to.
import { isObject, list, text } from "./json.ts";
import type { Row } from "./state.ts";

/** Whether a provider sends people back to this address. */
export function isRedirectUriAllowed(provider: Row, uri: string): boolean {
  return list(provider["redirect_uris"]).some((allowed) => {
    if (!isObject(allowed)) return false;
    const url = text(allowed["url"]);
    return allowed["matching_mode"] === "regex" ? new RegExp(`^(?:${url})$`).test(uri) : url === uri;
  });
}
