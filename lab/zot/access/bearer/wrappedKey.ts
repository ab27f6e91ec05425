// Stands in for zot: an API key as a bearer token. zot neither signs it nor shortens its life: it is the key.
const prefix = "zot_cred_v1.";
const version = 1;
const type = "api-key";

/** A user's name and API key. */
export interface KeyCredential {
  readonly username: string;
  readonly secret: string;
}

/** Whether a bearer token claims to be a wrapped key. */
export function isWrappedKey(token: string): boolean {
  return token.startsWith(prefix);
}

export function wrapKey({ username, secret }: KeyCredential): string {
  const payload = JSON.stringify({ v: version, typ: type, username, secret });
  return `${prefix}${Buffer.from(payload).toString("base64url")}`;
}

/** The key in a token. Undefined if the token is malformed. */
export function unwrapKey(token: string): KeyCredential | undefined {
  try {
    const payload: unknown = JSON.parse(Buffer.from(token.slice(prefix.length), "base64url").toString());
    if (typeof payload !== "object" || payload === null) return undefined;
    const { v, typ, username, secret } = payload as Readonly<Record<string, unknown>>;
    if (v !== version || typ !== type || typeof username !== "string" || typeof secret !== "string") return undefined;
    return username === "" || secret === "" ? undefined : { username, secret };
  } catch {
    return undefined;
  }
}
