import { createHash } from "node:crypto";

/** The hash by which Authentik tells whether it has applied a blueprint's text: SHA-512 in hex. */
export function blueprintHash(text: string): string {
  return createHash("sha512").update(text).digest("hex");
}
