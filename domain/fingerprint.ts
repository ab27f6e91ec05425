import { createHash } from "node:crypto";

/**
 * Says which secret something is without telling the secret: the first 16 hex digits of its SHA-256.
 * Only for secrets of high entropy (zot's keys have 122 random bits), where it cannot be turned back.
 */
export function fingerprint(secret: string): string {
  return createHash("sha256").update(secret).digest("hex").slice(0, 16);
}
