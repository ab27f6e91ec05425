import { createHash, createHmac } from "node:crypto";

/**
 * Says which secret something is without telling the secret: the first 16 hex digits of its SHA-256.
 * Only for secrets of high entropy (zot's keys have 122 random bits), where it cannot be turned back.
 */
export function fingerprint(secret: string): string {
  return createHash("sha256").update(secret).digest("hex").slice(0, 16);
}

/**
 * The same for a secret that somebody may have chosen, and that could be guessed: without the key nobody can try guesses on it.
 *
 * @param key a secret that only those hold who may know the other one
 */
export function keyedFingerprint(secret: string, key: string): string {
  return createHmac("sha256", key).update(secret).digest("hex").slice(0, 16);
}
