/** Why a request failed, in the words of Go's HTTP client, which users search for. */
export function transportError(method: string, url: string, error: unknown): string {
  const { host, hostname } = new URL(url);
  const verb = method.charAt(0) + method.slice(1).toLowerCase();
  const asked = `${verb} ${JSON.stringify(url)}`;
  switch (codeOf(error)) {
    case "ECONNREFUSED":
      return `${asked}: dial tcp ${host}: connect: connection refused`;
    case "ENOTFOUND":
      return `${asked}: dial tcp: lookup ${hostname}: no such host`;
    case "ECONNRESET":
      return `${asked}: EOF`;
    default:
      return `${asked}: ${messageOf(error)}`;
  }
}

/** `fetch` hides the reason in its error's cause. */
function reasonOf(error: unknown): unknown {
  return error instanceof Error && error.cause instanceof Error ? error.cause : error;
}

function codeOf(error: unknown): string {
  return (reasonOf(error) as { readonly code?: string }).code ?? "";
}

function messageOf(error: unknown): string {
  const reason = reasonOf(error);
  return reason instanceof Error ? reason.message : String(reason);
}
