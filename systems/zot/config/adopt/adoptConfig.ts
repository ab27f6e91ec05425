import { isObject, present } from "../../../../core/json.ts";
import type { JsonObject } from "../../../../core/json.ts";
import { access, withCiDefaults } from "../../access/settings.ts";
import { configDifferences } from "../compared/difference.ts";
import type { Difference } from "../compared/difference.ts";
import { zot } from "../settings.ts";
import { candidateOf, render } from "./candidate.ts";
import type { Candidate } from "./candidate.ts";
import { allowed } from "./extra/allowed.ts";
import type { Allowed } from "./extra/allowed.ts";
import { ciImages } from "./ciImages.ts";
import type { AdoptContext, NotKept } from "./context.ts";
import { leftToExtra } from "./extra/leftToExtra.ts";
import { reasonOf } from "./reasons.ts";
import { rolesIn } from "./settings/roles.ts";
import { withoutDefaults } from "./settings/schemas.ts";

/** A config that was made by hand, as settings. */
export interface AdoptedConfig {
  /** The groups of the stack's file as far as they follow from zot's config, without what is the default. */
  readonly settings: Readonly<Record<string, JsonObject>>;
  /** What zot's config says and the rendered one will not, or will say differently. */
  readonly notKept: readonly NotKept[];
  /** What the rendered config says and zot's config does not. */
  readonly added: readonly NotKept[];
  /** Those of `notKept` that no rendered config shows: a relative path, a key that is there twice. */
  readonly gaps: readonly NotKept[];
}

/**
 * What is not kept and what is added by other settings than the adopted ones: a flag counts more than zot's config.
 *
 * @param differences between zot's config and the one that these settings give
 */
export function outcomeOf(
  { notKept, added, gaps }: AdoptedConfig,
  differences: readonly Difference[],
): Pick<AdoptedConfig, "notKept" | "added"> {
  const rows = (isAdded: boolean, reasons: readonly NotKept[]): readonly NotKept[] =>
    differences
      .filter(({ kind }) => (kind === "added") === isAdded)
      .map(
        ({ path }) =>
          reasons.find((row) => row.path === path) ?? {
            path,
            reason: "a flag, your answer or the existing file says otherwise.",
          },
      );
  return { notKept: [...gaps, ...rows(false, notKept)], added: rows(true, added) };
}

/**
 * Turns a config that was made by hand into settings: what has a setting becomes that setting, the rest `zot.extra`. The config rendered from them
 * differs from it in what `notKept` and `added` name, and in nothing else.
 */
export function adoptConfig(config: JsonObject, context: AdoptContext): AdoptedConfig {
  const roles = rolesIn(config, context);
  const { candidate, extra, refused, differences } = closest(config, candidateOf(config, context, roles), context);
  const rows = differences.map((one) => ({
    kind: one.kind,
    path: one.path,
    reason: refusal(refused, one.path) ?? reasonOf(one, candidate.roles),
  }));
  const named = (isAdded: boolean) =>
    rows.filter(({ kind }) => (kind === "added") === isAdded).map(({ path, reason }) => ({ path, reason }));
  return {
    settings: settingsOf(candidate, extra, context),
    notKept: [...candidate.notKept, ...named(false)],
    added: named(true),
    gaps: candidate.notKept,
  };
}

interface Attempt extends Allowed {
  readonly differences: readonly Difference[];
}

/** A setting that says it only in part gives way to `zot.extra`, if that says it better. */
function closest(config: JsonObject, first: Candidate, context: AdoptContext): Attempt {
  const attempt = attemptOf(config, first, context);
  for (const next of leftToExtra(attempt.candidate, attempt.differences)) {
    const { differences } = attemptOf(config, next, context);
    if (differences.length < attempt.differences.length) return closest(config, next, context);
  }
  return attempt;
}

function attemptOf(config: JsonObject, candidate: Candidate, context: AdoptContext): Attempt {
  const result = allowed(config, candidate, context);
  return { ...result, differences: configDifferences(config, render(result.candidate, result.extra, context)) };
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
    .replace(/^(extensions\.(?:sync\.registries|events\.sinks))\..*/, "$1.*")
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
    access: withoutDefaults(access.transform(withCiDefaults), candidate.access),
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
