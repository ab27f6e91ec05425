// Stands in for Authentik: the discovery document of a provider.
import type { Database } from "../models/database.ts";
import { issuerOf, openidPrefix, rootOf } from "./applications.ts";
import type { OpenidApplication } from "./applications.ts";
import { mappingsOf } from "./scopeMappings.ts";

/** `<issuer>/.well-known/openid-configuration`. */
export function discoveryDocument(database: Database, found: OpenidApplication, base: string): Record<string, unknown> {
  const shared = `${base}${openidPrefix}`;
  const root = rootOf(found, base);
  const { provider } = found;
  return {
    issuer: issuerOf(found, base),
    authorization_endpoint: `${shared}authorize/`,
    token_endpoint: `${shared}token/`,
    userinfo_endpoint: `${shared}userinfo/`,
    end_session_endpoint: `${root}end-session/`,
    introspection_endpoint: `${shared}introspect/`,
    revocation_endpoint: `${shared}revoke/`,
    device_authorization_endpoint: `${shared}device/`,
    backchannel_logout_supported: true,
    backchannel_logout_session_supported: true,
    response_types_supported: [
      "code",
      "id_token",
      "id_token token",
      "code token",
      "code id_token",
      "code id_token token",
    ],
    response_modes_supported: ["query", "fragment", "form_post"],
    jwks_uri: `${root}jwks/`,
    grant_types_supported: [
      "authorization_code",
      "refresh_token",
      "implicit",
      "client_credentials",
      "password",
      "urn:ietf:params:oauth:grant-type:device_code",
    ],
    id_token_signing_alg_values_supported: [provider["signing_key"] === null ? "HS256" : "RS256"],
    subject_types_supported: ["public"],
    token_endpoint_auth_methods_supported: ["client_secret_post", "client_secret_basic"],
    acr_values_supported: ["goauthentik.io/providers/oauth2/default"],
    scopes_supported: mappingsOf(database, provider).map((mapping) => mapping["scope_name"]),
    request_parameter_supported: false,
    claims_supported: ["sub", "iss", "aud", "exp", "iat", "auth_time"],
    claims_parameter_supported: false,
    code_challenge_methods_supported: ["plain", "S256"],
  };
}
