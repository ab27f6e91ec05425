/** The issuer URL of an application in Authentik, with its trailing slash. */
export function issuerOf(authentik: { readonly url: string; readonly application: string }): string {
  return `${authentik.url}/application/o/${authentik.application}/`;
}

/** The application's slug in an issuer URL. */
export function slugOf(issuer: string): string {
  return /\/application\/o\/([^/]+)\/$/.exec(issuer)?.[1] ?? "";
}
