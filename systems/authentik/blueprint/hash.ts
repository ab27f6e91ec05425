import { createHash } from "node:crypto";

/** The hash that Authentik keeps of the blueprint that it last applied: SHA-512 in hex. */
export function blueprintHash(text: string): string {
  return createHash("sha512").update(text).digest("hex");
}
