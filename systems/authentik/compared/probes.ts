import type { DeclaredEntry } from "../blueprint/declared.ts";
import type { Authentik } from "../client.ts";
import { APPLICATION, FLOW, PROVIDER, text } from "./models.ts";

/**
 * Whether an object exists that the token may not view, by what Authentik shows everybody; `undefined` if it shows nobody. Not by an authorization request, although
 * it would tell whether a client ID exists: Authentik notifies its administrators of each that fails, and a provider without redirect URIs keeps the first one that it sees.
 *
 * @param application slug of the blueprint's application
 */
export async function existsUnseen(
  authentik: Authentik,
  { model, identifiers }: DeclaredEntry,
  application: string,
): Promise<boolean | undefined> {
  switch (model) {
    case APPLICATION:
    case PROVIDER:
      return (await isIssuer(authentik, application)) ? true : undefined;
    case FLOW:
      return authentik.hasFlow(text(identifiers["slug"]));
    default:
      return undefined;
  }
}

/** Whether an OAuth2 provider belongs to the application. */
async function isIssuer(authentik: Authentik, slug: string): Promise<boolean> {
  const path = `/application/o/${encodeURIComponent(slug)}/.well-known/openid-configuration`;
  return (await authentik.askOpenly(path)).status === 200;
}
