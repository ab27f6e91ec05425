import { createHash } from "node:crypto";

/** The manager of earlier versions, one for all keys. */
const FORMER = "zot-auth";

/** The API server takes no longer name. */
const LIMIT = 128;

/**
 * Under this name, the API server records that a ConfigMap's key is ours. Each key has its own: an apply takes away what the same manager has
 * applied before and no longer names, so another stack with a key in the same ConfigMap would delete ours.
 *
 * @param key `undefined` for what earlier versions wrote
 */
export function fieldManager(key: string | undefined): string {
  if (key === undefined) return FORMER;
  const name = `${FORMER}/${key}`;
  return name.length <= LIMIT ? name : `${FORMER}/${createHash("sha256").update(key).digest("hex").slice(0, 32)}`;
}
