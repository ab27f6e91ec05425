/** Something in a config of zot that zot itself accepts, and that does not do what people expect. */
export interface ConfigProblem {
  /** Where in the config: `http.auth.openid.providers.oidc.scopes`. */
  readonly path: string;
  /** What is wrong, with the value, and what would be right. */
  readonly message: string;
}

/** The value as a message shows it. */
export function shown(value: unknown): string {
  return value === undefined ? "nothing" : JSON.stringify(value);
}
