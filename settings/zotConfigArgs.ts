import { issuerOf } from "../systems/authentik/issuer.ts";
import { accessRules } from "../systems/zot/access/rules.ts";
import type { ZotConfigArgs } from "../systems/zot/config/args.ts";
import type { Settings } from "./schema.ts";

/** What zot's config is rendered from, taken from the settings of a stack. */
export function zotConfigArgs({ registry, zot, access, authentik, accounts }: Settings): ZotConfigArgs {
  const { url, address, port, pullThrough } = registry;
  return {
    url,
    address,
    port,
    pullThrough,
    issuer: issuerOf(authentik),
    rules: accessRules(
      access,
      Object.values(accounts).map((account) => account.access),
      zot.extra,
    ),
    zot,
  };
}
