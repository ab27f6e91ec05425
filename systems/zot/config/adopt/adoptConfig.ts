import { isObject, present } from "../../../../core/json.ts";
import type { JsonObject } from "../../../../core/json.ts";
import { access } from "../../access/settings.ts";
import { configDifferences } from "../difference.ts";
import { zot } from "../settings.ts";
import { candidateOf, render } from "./candidate.ts";
import type { Candidate } from "./candidate.ts";
import { allowed } from "./allowed.ts";
import { ciImages } from "./ciImages.ts";
import type { AdoptContext, NotKept } from "./context.ts";
import { leftToExtra } from "./givingWay.ts";
import { reasonOf } from "./reasons.ts";
import { rolesIn } from "./roles.ts";
import { withoutDefaults } from "./schemas.ts";

/** A config that was made by hand, as settings. */
export interface AdoptedConfig {
  /** The groups of the stack's file as far as zot's config tells them, without what is the default. */
  readonly settings: Readonly<Record<string, JsonObject>>;
  /** What zot's config says and the rendered one will not, or will say differently. */
  readonly notKept: readonly NotKept[];
  /** What the rendered config says and zot's config does not. */
  readonly added: readonly NotKept[];
}

/**
 * Turns a config that was made by hand into settings: what has a setting becomes that setting, the rest `zot.extra`. The config rendered from them
 * differs from it in what `notKept` and `added` name, and in nothing else.
 */
export function adoptConfig(config: JsonObject, context: AdoptContext): AdoptedConfig {
  const roles = rolesIn(config, context);
  let { candidate, extra, refused } = allowed(config, candidateOf(config, context, roles), context);
  // A setting that says it only in part gives way to zot.extra, which says it as it is.
  for (;;) {
    const left = leftToExtra(candidate, configDifferences(config, render(candidate, extra, context)));
    if (left === undefined) break;
    ({ candidate, extra, refused } = allowed(config, left, context));
  }
  const differences = configDifferences(config, render(candidate, extra, context));
  const rows = differences.map((one) => ({
    kind: one.kind,
    path: one.path,
    reason: refusal(refused, one.path) ?? reasonOf(one),
  }));
  const named = (isAdded: boolean) =>
    rows.filter(({ kind }) => (kind === "added") === isAdded).map(({ path, reason }) => ({ path, reason }));
  return {
    settings: settingsOf(candidate, extra, context),
    notKept: [...candidate.notKept, ...named(false)],
    added: named(true),
  };
}

/** The reason for which a check refused what is here, or what this is part of. */
function refusal(refused: ReadonlyMap<string, string>, path: string): string | undefined {
  const place = comparable(path);
  return [...refused].find(([gone]) => {
    const start = comparable(gone);
    return (
      place === start || [".", " "].some((next) => place.startsWith(start + next)) || start.startsWith(`${place}.`)
    );
  })?.[1];
}

/** Places in a list change when one is taken out. */
function comparable(path: string): string {
  return path
    .toLowerCase()
    .replace(/^(extensions\.sync\.registries)\..*/, "$1.*")
    .replaceAll(/\.\d+(?=\.|$)/g, ".*");
}

function settingsOf(candidate: Candidate, extra: JsonObject, context: AdoptContext): AdoptedConfig["settings"] {
  const { registry, pullThrough, authentik } = candidate;
  const { imagePrefix, acceptance } = ciImages(candidate, extra, context.imagePrefix);
  const groups = {
    registry: present({
      ...registry,
      address: registry.address === "0.0.0.0" ? undefined : registry.address,
      port: registry.port === 5000 ? undefined : registry.port,
      pullThrough: pullThrough.length === 0 ? undefined : pullThrough,
    }),
    zot: withoutDefaults(zot, present({ ...candidate.zot, extra })),
    access: withoutDefaults(access, candidate.access),
    authentik: present({
      ...authentik,
      application: authentik.application === "zot" ? undefined : authentik.application,
      clientId: authentik.clientId === "zot" ? undefined : authentik.clientId,
    }),
    ci: present({ imagePrefix: context.imagePrefix === undefined ? imagePrefix : undefined }),
    acceptance: present({ repository: acceptance }),
  };
  return Object.fromEntries(
    Object.entries(groups).filter(([, group]) => isObject(group) && Object.keys(group).length > 0),
  );
}
