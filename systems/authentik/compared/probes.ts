import type { DeclaredEntry } from "../blueprint/declared.ts";
import type { Authentik } from "../client.ts";
import { APPLICATION, FLOW, PROVIDER, text } from "./models.ts";

/**
 * Whether an object exists that the token may not view, by what Authentik tells everybody. What nobody tells counts as not existing, since most of what a
 * blueprint makes does not.
 */
export async function existsUnseen(authentik: Authentik, { model, identifiers }: DeclaredEntry): Promise<boolean> {
  switch (model) {
    case PROVIDER:
      return knowsClient(authentik, text(identifiers["client_id"]));
    case APPLICATION:
      return isIssuer(authentik, text(identifiers["slug"]));
    case FLOW:
      return authentik.hasFlow(text(identifiers["slug"]));
    default:
      return false;
  }
}

/** Authentik checks the client ID of an authorization request first, before anybody signs in. */
async function knowsClient(authentik: Authentik, clientId: string): Promise<boolean> {
  const query = new URLSearchParams({
    client_id: clientId,
    response_type: "code",
    scope: "openid",
    redirect_uri: "https://nowhere.invalid/",
  });
  const answer = await authentik.askOpenly(`/application/o/authorize/?${query.toString()}`);
  return answer.status !== 404 && !answer.text.includes("Client ID Error");
}

async function isIssuer(authentik: Authentik, slug: string): Promise<boolean> {
  const path = `/application/o/${encodeURIComponent(slug)}/.well-known/openid-configuration`;
  return (await authentik.askOpenly(path)).status === 200;
}
