import { ZotAuthError } from "../../core/errors.ts";
import { unexpected } from "../../core/http/http.ts";
import type { Endpoint, HttpResponse } from "../../core/http/http.ts";
import type { SecretReference } from "../../core/secrets/reference.ts";

/** The error for a request that Authentik rejected, and the permission that it needs. */
export function refused(
  endpoint: Endpoint,
  token: SecretReference,
  { what, right }: { readonly what: string; readonly right: string | undefined },
  answer: HttpResponse,
): ZotAuthError {
  if (answer.status === 403 && answer.text.includes("Token invalid")) {
    return new ZotAuthError(
      "AUTHENTIK_TOKEN_REFUSED",
      `Authentik rejects the token of authentik.token (${token}). Create a new API token and store it there.`,
    );
  }
  if (answer.status === 403 || answer.status === 401) {
    return new ZotAuthError(
      "AUTHENTIK_RIGHT_MISSING",
      `The token of authentik.token (${token}) has insufficient permissions to ${what} in Authentik. ` +
        `Grant its role the permission ${right ?? "that it lacks"}: docs/reference/authentik-role.yaml has them all.`,
    );
  }
  return unexpected(endpoint, what, answer);
}
