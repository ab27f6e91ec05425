import { ZotAuthError } from "../errors.ts";
import { at } from "../json.ts";
import { request } from "./http.ts";
import { isHtml, pageIn } from "./said.ts";
import type { Endpoint, HttpResponse, RequestOptions } from "./http.ts";

/**
 * Sends a request to a server's JSON API. A proxy or a sign-in page in front of the server can answer in its place, and its 200 or 404
 * must not be taken for "done" or "gone".
 *
 * @throws ZotAuthError `WRONG_SERVER`, and what {@link request} throws
 */
export async function requestApi(
  endpoint: Endpoint,
  path: string,
  options: RequestOptions = {},
): Promise<HttpResponse> {
  const response = await request(endpoint, path, options);
  const elsewhere = redirectsElsewhere(endpoint, response);
  if (elsewhere !== undefined) throw wrongServer(endpoint, `redirects to ${elsewhere}`);
  const { status } = response;
  const counts = (status >= 200 && status < 300) || (status === 404 && options.method === "DELETE");
  if (counts && isHtml(response)) throw wrongServer(endpoint, `answers ${status} with ${pageIn(response)}`);
  return response;
}

/**
 * The list in a successful response.
 *
 * @param path where it is in the body, which may be the list itself
 * @throws ZotAuthError `WRONG_SERVER` if it is not there: a missing list is not an empty one
 */
export function listIn(endpoint: Endpoint, response: HttpResponse, ...path: readonly string[]): readonly unknown[] {
  const found = at(response.json, ...path);
  if (Array.isArray(found)) return found;
  const what = path.length === 0 ? "a list" : `the list "${path.join(".")}"`;
  throw wrongServer(endpoint, `answers ${response.status} without ${what}`);
}

/** Without the body, which may hold a secret. */
function wrongServer({ name, url, setting }: Endpoint, what: string): ZotAuthError {
  return new ZotAuthError(
    "WRONG_SERVER",
    `The server at ${url} ${what}, which ${name}'s API does not do. Check the setting ${setting}, and whether a proxy or a sign-in page in front of ${name} answers in its place.`,
  );
}

/** The origin to which the response redirects, if it is another one. */
function redirectsElsewhere({ url }: Endpoint, response: HttpResponse): string | undefined {
  if (response.status < 300 || response.status >= 400) return undefined;
  const to = URL.parse(response.header("location") ?? "", url);
  return to === null || to.origin === new URL(url).origin ? undefined : to.origin;
}
