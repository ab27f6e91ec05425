// Stands in for Authentik: the errors of its token endpoint, in its words.
import { newUuid } from "../models/models.ts";

const descriptions: Readonly<Record<string, string>> = {
  invalid_client:
    "Client authentication failed (e.g., unknown client, no client authentication included, or unsupported authentication method)",
  invalid_grant:
    "The provided authorization grant or refresh token is invalid, expired, revoked, does not match the redirection URI used in the authorization request, or was issued to another client",
  invalid_request: "The request is otherwise malformed",
  unsupported_grant_type: "The authorization grant type is not supported by the authorization server.",
};

/** The body of an error at the token endpoint. */
export const tokenError = (error: string): Record<string, string> => ({
  error,
  error_description: descriptions[error] ?? error,
  request_id: newUuid().replaceAll("-", ""),
});
