// Stands in for Authentik: passwords and one-time codes.
import { createHmac, randomBytes, scryptSync, timingSafeEqual } from "node:crypto";

// Deliberately cheap: these passwords protect only a lab on one machine, and every start hashes several.
const cost = { N: 1024, r: 8, p: 1 };

export function hashPassword(password: string): string {
  const salt = randomBytes(16).toString("hex");
  return `scrypt$${salt}$${scryptSync(password, salt, 32, cost).toString("hex")}`;
}

export const isHashedPassword = (value: string): boolean => /^scrypt\$[0-9a-f]{32}\$[0-9a-f]{64}$/.test(value);

export function passwordMatches(password: string, hash: string): boolean {
  const [, salt, expected] = hash.split("$");
  if (!isHashedPassword(hash) || salt === undefined || expected === undefined) return false;
  return timingSafeEqual(scryptSync(password, salt, 32, cost), Buffer.from(expected, "hex"));
}

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** A new secret for an authenticator app, in base 32. */
export const newTotpSecret = (): string => Array.from(randomBytes(32), (byte) => alphabet[byte % 32]).join("");

/** The six-digit code of an authenticator app at a given time (RFC 6238, SHA-1, 30 seconds). */
export function totpCode(secret: string, milliseconds: number): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(milliseconds / 30_000)));
  const digest = createHmac("sha1", fromBase32(secret)).update(counter).digest();
  const offset = (digest.at(-1) ?? 0) & 0xf;
  return String((digest.readUInt32BE(offset) & 0x7fff_ffff) % 1_000_000).padStart(6, "0");
}

/**
 * The 30-second step of a code: the current one, or the previous or next one to allow for clock drift. `undefined` for a
 * wrong code, and for a code whose step is not later than `used`.
 */
export function totpStep(secret: string, code: string, used = 0, now = Date.now()): number | undefined {
  const step = Math.floor(now / 30_000);
  return [step - 1, step, step + 1].find((other) => other > used && totpCode(secret, other * 30_000) === code);
}

function fromBase32(secret: string): Buffer {
  let bits = "";
  for (const letter of secret.toUpperCase().replaceAll(/[^A-Z2-7]/g, ""))
    bits += alphabet.indexOf(letter).toString(2).padStart(5, "0");
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
}
