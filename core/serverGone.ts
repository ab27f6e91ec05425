import { ZotAuthError } from "./errors.ts";
import type { ErrorCode } from "./errorCodes.ts";

/** The environment variable that lets `destroy` go on without servers that no longer exist: their addresses as in the settings, with spaces in between. */
export const SERVER_GONE = "ZOT_AUTH_SERVER_GONE";

/** Errors of a server that does not answer, or in whose place something else does. */
export const UNREACHED: readonly ErrorCode[] = [
  "SERVER_UNREACHABLE",
  "SERVER_FAILING",
  "CERTIFICATE_UNTRUSTED",
  "CERTIFICATE_INVALID",
  "TLS_MISSING",
  "WRONG_SERVER",
];

/** Whether the user says that the server at this address no longer exists. */
function isGone(url: string): boolean {
  const gone = (process.env[SERVER_GONE] ?? "").split(/[\s,]+/);
  return gone.some((address) => address.replace(/\/+$/, "") === url);
}

/**
 * Removes something from a server. If the user says that the server no longer exists, a failure is a warning; otherwise, if it does not answer, the error
 * says how to go on without it.
 *
 * @param what names what stays there
 */
export async function unlessGone(
  { url, what }: { readonly url: string; readonly what: string },
  context: { readonly warn: (message: string) => void },
  remove: () => Promise<void>,
): Promise<void> {
  try {
    await remove();
  } catch (error) {
    if (!(error instanceof ZotAuthError)) throw error;
    if (!isUnreachedAndGone(error, url)) throw withWayOut(error, url);
    context.warn(`${what} was not removed from ${url}, which no longer exists (${SERVER_GONE}): ${error.message}`);
  }
}

/** Whether the server did not answer, and the user says that it no longer exists. One that answers does exist. */
export function isUnreachedAndGone(error: ZotAuthError, url: string): boolean {
  return UNREACHED.includes(error.code) && isGone(url);
}

/** The error of a deletion, with the way to go on without the server if that does not answer. */
export function withWayOut(error: ZotAuthError, url: string): ZotAuthError {
  if (!UNREACHED.includes(error.code)) return error;
  const way = `If it no longer exists, set the environment variable ${SERVER_GONE}=${url} and run this again.`;
  return new ZotAuthError(error.code, `${error.message} ${way}`, error);
}
