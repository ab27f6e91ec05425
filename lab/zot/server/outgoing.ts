// Stands in for zot: requests to identity providers and issuers, with Go's messages for what fails.

/** The JSON document at a URL. */
export async function getJson<T>(url: string, headers: Record<string, string>): Promise<T> {
  const response = await fetch(url, { headers });
  if (!response.ok)
    throw new Error(`http status not ok: ${response.status} ${response.statusText} ${await response.text()}`);
  return (await response.json()) as T;
}

/** Go's message for an error. `fetch` has the reason of a failed connection in `cause`. */
export function describe(error: unknown): string {
  if (!(error instanceof TypeError)) return error instanceof Error ? error.message : String(error);
  const cause = error.cause as (NodeJS.ErrnoException & { address?: string; port?: number }) | undefined;
  if (cause?.code === "ECONNREFUSED") {
    return `dial tcp ${cause.address ?? ""}:${cause.port ?? ""}: connect: connection refused`;
  }
  return cause instanceof Error ? cause.message : error.message;
}
