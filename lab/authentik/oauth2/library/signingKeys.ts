// Stands in for Authentik: keys for signing and encrypting tokens.
import { createHash, createPrivateKey, createPublicKey, generateKeyPair } from "node:crypto";
import { promisify } from "node:util";
import type { JWK } from "oidc-provider";
import type { Database } from "../../models/database.ts";
import { text } from "../../../shared/json.ts";
import type { Row } from "../../models/state.ts";

const model = "authentik_crypto.certificatekeypair";

/** The key of a provider as a JSON Web Key; `undefined` if the provider signs with its client secret. */
export async function signingKeyOf(database: Database, provider: Row): Promise<JWK | undefined> {
  const pem = await pemOf(database, provider["signing_key"] ?? null);
  if (pem === undefined) return undefined;
  const key = createPrivateKey(pem);
  const kid = createHash("md5").update(pem).digest("hex");
  const alg = key.asymmetricKeyType === "ec" ? "ES256" : "RS256";
  return { ...(key.export({ format: "jwk" }) as JWK), kid, use: "sig", alg };
}

/** The public key that ID tokens are encrypted with; `undefined` if they are not. Only the holder of the certificate's private key can read them then. */
export async function encryptionKeyOf(database: Database, provider: Row): Promise<JWK | undefined> {
  const pem = await pemOf(database, provider["encryption_key"] ?? null);
  if (pem === undefined) return undefined;
  const kid = createHash("md5").update(pem).digest("hex");
  return { ...(createPublicKey(pem).export({ format: "jwk" }) as JWK), kid, use: "enc", alg: "RSA-OAEP-256" };
}

async function pemOf(database: Database, pk: Row[string]): Promise<string | undefined> {
  const certificate = database.get(model, pk);
  if (certificate === undefined) return undefined;
  const existing = text(certificate["key_data"]);
  if (existing !== "") return existing;
  // Generated for the first token, since that is slow and would delay the start.
  const { privateKey } = await promisify(generateKeyPair)("rsa", { modulusLength: 2048 });
  const pem = privateKey.export({ format: "pem", type: "pkcs8" }) as string;
  const row = database.get(model, pk);
  if (row === undefined) return undefined;
  if (text(row["key_data"]) === "") row["key_data"] = pem;
  database.save();
  return text(row["key_data"]);
}
