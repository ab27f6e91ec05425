import { request } from "../../core/http/http.ts";
import { Secret } from "../../core/secrets/secret.ts";
import { bodyOf } from "./message.ts";
import type { Message, Shape } from "./message.ts";

/** Seconds for which a webhook that is down is tried again. */
const RETRY_SECONDS = 60;

export interface Sent {
  readonly server: string;
  readonly failed: string | undefined;
}

/**
 * Sends a message. The address is a secret: whoever knows it can write there. No error names more of it than the server.
 *
 * @param setting the option or variable that names the address, for errors
 * @returns the server, and why it was not sent if it was not
 * @throws ZotAuthError what {@link request} throws
 */
export async function send(
  address: Secret,
  shape: Shape,
  message: Message,
  setting: string,
  { retryFor = RETRY_SECONDS, signal }: { readonly retryFor?: number; readonly signal?: AbortSignal } = {},
): Promise<Sent> {
  const url = URL.parse(address.reveal().trim());
  if (url === null || !/^https?:$/.test(url.protocol))
    return { server: "", failed: "its address is not an http or https address" };
  const parts = url.pathname.split("/").filter((part) => part !== "");
  const path = shape === "ntfy" ? `/${parts.slice(0, -1).join("/")}` : url.pathname;
  const credentials = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  const answer = await request({ name: "The webhook", url: url.origin, setting }, path + url.search, {
    method: "POST",
    json: bodyOf(shape, message, parts.at(-1)),
    // Twice is better than not at all.
    idempotent: true,
    retry: { retryFor },
    signal,
    headers: credentials === ":" ? {} : { authorization: basic(credentials) },
  });
  const failed = answer.status >= 200 && answer.status < 300 ? undefined : `it answered ${answer.status}`;
  return { server: url.origin, failed };
}

function basic(credentials: string): Secret {
  return new Secret(`Basic ${Buffer.from(credentials).toString("base64")}`);
}
