/**
 * The issuer of the jobs' tokens, byte by byte as zot compares it: Forgejo's `ROOT_URL` without a slash at its end, and this path.
 *
 * @param forgejo its address, and its `ROOT_URL` if that is another
 */
export function jobTokenIssuer({
  url,
  rootUrl = url,
}: {
  readonly url: string;
  readonly rootUrl?: string | undefined;
}): string {
  return `${rootUrl}/api/actions`;
}
