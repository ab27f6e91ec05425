// API keys that jobs make with their tokens.

/** The user of the tokens of `acme/app`, by the recorded configuration. */
export const jobUser = "forgejo-actions/acme/app";

/** The key in the answer to its creation. */
export function keyIn(body: string): string {
  return (JSON.parse(body) as { apiKey: string }).apiKey;
}
