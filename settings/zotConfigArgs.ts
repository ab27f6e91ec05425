import { issuerOf } from "../systems/authentik/issuer.ts";
import { jobGroup } from "../systems/zot/access/jobConditions.ts";
import { accessRules } from "../systems/zot/access/rules.ts";
import { jobTokenIssuer } from "../systems/forgejo/jobToken/issuer.ts";
import { ownersOf } from "../systems/forgejo/jobToken/tokenTargets.ts";
import type { ZotConfigArgs } from "../systems/zot/config/render/args.ts";
import type { JobTokenLogin } from "../systems/zot/config/render/bearer.ts";
import { audienceOf, pushers } from "./accounts/accounts.ts";
import type { Settings } from "./schema.ts";

/** What zot's config is rendered from, taken from the settings of a stack. */
export function zotConfigArgs(settings: Settings): ZotConfigArgs {
  const { registry, zot, access, authentik } = settings;
  const { url, address, port, pullThrough } = registry;
  return {
    url,
    address,
    port,
    pullThrough,
    issuer: issuerOf(authentik),
    rules: accessRules(
      access,
      pushers(settings).flatMap(([, pusher]) => pusher.access),
      zot.extra,
    ),
    ...jobTokens(settings),
    zot,
  };
}

function jobTokens({ registry, forgejo, jobAccounts }: Settings): Pick<ZotConfigArgs, "jobTokens"> {
  const accounts = Object.entries(jobAccounts).map(([id, account]): JobTokenLogin => {
    const { user, group, repositories, refs, events, workflows } = account;
    const owners = ownersOf(repositories);
    return { user, group: jobGroup(group), audience: audienceOf(registry.url, id), owners, refs, events, workflows };
  });
  return accounts.length === 0 ? {} : { jobTokens: { issuer: jobTokenIssuer(forgejo), accounts } };
}
