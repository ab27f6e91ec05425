// Stands in for zot: verifies the signature and the claims of an ID token.
import { createPublicKey, verify } from "node:crypto";
import type { JsonWebKey } from "node:crypto";

export type Claims = Readonly<Record<string, unknown>>;

export interface ExpectedToken {
  readonly issuer: string;
  readonly clientId: string;
  readonly keys: readonly (JsonWebKey & { readonly kid?: string; readonly use?: string })[];
}

/** Verifies a token and returns its claims. zot accepts only RS256. */
export function verifyIdToken(token: string, expected: ExpectedToken): Claims {
  const [header = "", payload = "", signature = ""] = token.split(".");
  const { alg, kid } = decode(header);
  if (alg !== "RS256")
    throw new Error(`oidc: id token signed with unsupported algorithm, expected ["RS256"] got "${String(alg)}"`);
  const candidates = expected.keys.filter(
    (key) => key.kty === "RSA" && key.use !== "enc" && (kid === undefined || key.kid === kid),
  );
  const signed = candidates.some((key) =>
    verify(
      "sha256",
      Buffer.from(`${header}.${payload}`),
      createPublicKey({ key, format: "jwk" }),
      Buffer.from(signature, "base64url"),
    ),
  );
  if (!signed) throw new Error("invalid signature");
  const claims = decode(payload);
  checkClaims(claims, expected);
  return claims;
}

function checkClaims(claims: Claims, { issuer, clientId }: ExpectedToken): void {
  if (claims["iss"] !== issuer)
    throw new Error(`issuer does not match: Expected: ${issuer}, got: ${String(claims["iss"])}`);
  const audience = [claims["aud"]].flat();
  if (!audience.includes(clientId))
    throw new Error(`audience is not valid: Audience must contain client_id "${clientId}"`);
  if (audience.length > 1 && claims["azp"] !== clientId) throw new Error("authorized party is not valid");
  const seconds = Date.now() / 1000;
  if (typeof claims["exp"] !== "number" || claims["exp"] <= seconds) throw new Error("token has expired");
  if (typeof claims["iat"] !== "number" || claims["iat"] > seconds + 1)
    throw new Error("issuedAt of token is in the future");
}

function decode(part: string): Claims {
  return JSON.parse(Buffer.from(part, "base64url").toString()) as Claims;
}
