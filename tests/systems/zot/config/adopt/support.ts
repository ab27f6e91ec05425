import { deepEqual } from "node:assert/strict";
import { parseSettings } from "../../../../../settings/parse.ts";
import type { Settings } from "../../../../../settings/schema.ts";
import { zotConfigArgs } from "../../../../../settings/zotConfigArgs.ts";
import { adoptConfig } from "../../../../../systems/zot/config/adopt/adoptConfig.ts";
import type { AdoptedConfig } from "../../../../../systems/zot/config/adopt/adoptConfig.ts";
import type { AdoptContext } from "../../../../../systems/zot/config/adopt/context.ts";
import { assembleZotConfig } from "../../../../../systems/zot/config/config.ts";
import { configDifferences } from "../../../../../systems/zot/config/compared/difference.ts";
import { builtInSchema } from "../../../../../systems/zot/config/schema/schema.ts";
import type { JsonObject } from "../../../../../core/json.ts";
import { removedAccess } from "../../../../../systems/zot/takeOver/removed.ts";
import { NEWEST_KNOWN } from "../../../../../systems/zot/version.ts";
import type { ZotVersion } from "../../../../../systems/zot/version.ts";

/** What the person enters besides: nothing of it is in zot's config. */
export const ENTERED = {
  registry: {
    url: "https://registry.example.net",
    configFile: "/etc/zot/config.json",
    credentialsFile: "/etc/zot/oidc-credentials.json",
    dataDirectory: "/var/lib/zot",
    service: "systemd:zot",
  },
  authentik: {
    url: "https://authentik.example.net",
    token: "env:AUTHENTIK_TOKEN",
    clientSecret: "op://homelab/authentik/zot-client-secret",
  },
  ci: { keyStore: "op://homelab/forgejo/zot-ci", imagePrefix: "homelab" },
  forgejo: { url: "https://forge.example.net", token: "env:FORGEJO_TOKEN", repositories: ["homelab/images"] },
  onePassword: { account: "my.1password.com" },
};

/** The settings of a whole stack, checked as every command checks them. */
export function stackOf({ settings }: Pick<AdoptedConfig, "settings">): Settings {
  const groups = [...new Set([...Object.keys(ENTERED), ...Object.keys(settings)])];
  const entered: Readonly<Record<string, JsonObject>> = ENTERED;
  return parseSettings(Object.fromEntries(groups.map((group) => [group, { ...entered[group], ...settings[group] }])));
}

/** zot's config as `up` would write it. */
export function rendered(settings: Settings, version: ZotVersion = NEWEST_KNOWN): JsonObject {
  const { config, problems } = assembleZotConfig(zotConfigArgs(settings), version, settings.registry, builtInSchema());
  deepEqual(problems, []);
  return config;
}

/** Adopts a config, and proves that the rendered one differs in what is listed, and in nothing else. */
export function adopted(config: JsonObject, context: AdoptContext = {}): AdoptedConfig {
  const result = adoptConfig(config, { ...USUAL, ...context });
  const after = rendered(stackOf(result), context.version);
  const differences = configDifferences(config, after);
  const found = (isAdded: boolean) =>
    differences.flatMap(({ kind, path }) => ((kind === "added") === isAdded ? [path] : []));
  const inConfig = result.notKept.filter(({ reason }) => !/is the same key as/.test(reason));
  deepEqual(sorted(paths(inConfig)), sorted(found(false)));
  deepEqual(sorted(paths(result.added)), sorted(found(true)));
  // What `up` would refuse to take away is among what is not kept, or is the e-mail address as user name, zot's default, by a claim that is added.
  const isKept =
    !result.notKept.some(({ path }) => /^http\.(auth|accessControl|tls)\b/i.test(path)) &&
    !result.added.some(({ path }) => /claimMapping/i.test(path));
  if (isKept) deepEqual(removedAccess(config, after, { version: context.version ?? NEWEST_KNOWN }), []);
  return result;
}

const USUAL: AdoptContext = {
  url: ENTERED.registry.url,
  authentikUrl: ENTERED.authentik.url,
  imagePrefix: ENTERED.ci.imagePrefix,
};

/** What the rows are about, in alphabetical order. */
export function paths(rows: AdoptedConfig["notKept"]): readonly string[] {
  return rows.map(({ path }) => path).toSorted();
}

function sorted(list: readonly string[]): readonly string[] {
  return list.map((path) => path.toLowerCase()).toSorted();
}
