/** The issuer URL of an application in Authentik, with its trailing slash. */
export function issuerOf(authentik: { readonly url: string; readonly application: string }): string {
  return `${authentik.url}/application/o/${authentik.application}/`;
}
