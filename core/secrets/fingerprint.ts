import { createHash, createHmac } from "node:crypto";

/**
 * Identifies a secret without revealing it: the first 16 hex digits of its SHA-256.
 * Only for secrets of high entropy (zot's keys have 122 random bits), where it cannot be reversed.
 */
export function fingerprint(secret: string): string {
  return createHash("sha256").update(secret).digest("hex").slice(0, 16);
}

/**
 * The same for a secret that a person may have chosen: without the key, nobody can test guesses against the fingerprint.
 *
 * @param key a secret known only to those who may know the fingerprinted one
 */
export function keyedFingerprint(secret: string, key: string): string {
  return createHmac("sha256", key).update(secret).digest("hex").slice(0, 16);
}
