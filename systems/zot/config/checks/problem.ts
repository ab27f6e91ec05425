/** A mistake in a config that zot itself accepts. */
export interface ConfigProblem {
  /** Where in the config: `http.auth.openid.providers.oidc.scopes`. */
  readonly path: string;
  /** What is wrong, with the value, and what is valid. */
  readonly message: string;
}

/** The value as shown in a message. */
export function shown(value: unknown): string {
  return value === undefined ? "nothing" : JSON.stringify(value);
}
