// Stands in for Authentik: applications with an OAuth2 provider.
import type { Database } from "../models/database.ts";
import { text } from "../../shared/json.ts";
import type { Row } from "../models/state.ts";

export const openidPrefix = "/application/o/";
export const providerModel = "authentik_providers_oauth2.oauth2provider";

/** An application with its OAuth2 provider. */
export interface OpenidApplication {
  readonly application: Row;
  readonly provider: Row;
}

export function applicationBySlug(database: Database, slug: string): OpenidApplication | undefined {
  const application = database.find("authentik_core.application", { slug });
  const provider = database.get(providerModel, application?.["provider"]);
  return application === undefined || provider === undefined ? undefined : { application, provider };
}

export function applicationByClient(database: Database, clientId: string): OpenidApplication | undefined {
  const provider = database.find(providerModel, { client_id: clientId });
  const application = database.find("authentik_core.application", { provider: provider?.pk ?? -1 });
  return application === undefined || provider === undefined ? undefined : { application, provider };
}

/** The issuer in the application's tokens: its own, or with `issuer_mode` `global` that of the whole Authentik. */
export function issuerOf(found: OpenidApplication, base: string): string {
  return found.provider["issuer_mode"] === "global" ? `${base}/` : rootOf(found, base);
}

/** The address below which the application's own endpoints are, whatever its issuer. */
export function rootOf({ application }: OpenidApplication, base: string): string {
  return `${base}${openidPrefix}${text(application["slug"])}/`;
}
