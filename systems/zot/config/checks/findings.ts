import { valueAt } from "../syntax/anyCase.ts";
import { decidingRules } from "../../access/policies.ts";
import type { RepositoryRules } from "../../access/policies.ts";
import { allRepositories } from "../../access/rules.ts";
import type { AccessRules } from "../../access/rules.ts";
import { equallyLong, samplesBelow, samplesOf } from "../../access/globs/samples.ts";
import { matchesGlob } from "../../access/globs/match.ts";
import { mirrorsOf } from "../mirrors/mirrors.ts";
import type { ZotConfigArgs } from "../render/args.ts";
import type { ZotConfig } from "../config.ts";
import { claimFindings } from "./claims.ts";
import { retentionFindings } from "./retention.ts";

/** Warnings of a preview about a config that works: each finding says what is at risk and which setting avoids it. */
export function findings(config: ZotConfig, args: ZotConfigArgs): readonly string[] {
  return [
    ...writableMirrors(config, args),
    ...insecureSessions(args),
    ...claimFindings(args.zot.auth),
    ...sharedBlobs(config, args.rules),
    ...ambiguousGlobs(args.rules),
    ...retentionFindings(config),
  ];
}

/**
 * Measured on zot 2.1.18 and 2.1.20: a GET with `Range` on a readable repository returns a blob of any other repository, if its digest is
 * known and identical blobs are stored once.
 */
function sharedBlobs(config: ZotConfig, rules: AccessRules): readonly string[] {
  if (valueAt(config, "storage", "dedupe") === false) return [];
  const repositories = allRepositories(rules);
  const closed = repositories
    .filter(({ anonymousPolicy }) => !anonymousPolicy.includes("read"))
    .map(({ glob }) => glob);
  if (closed.length === 0 || closed.length === repositories.length) return [];
  return [
    `Anyone may read some repositories, but not ${closed.join(", ")}. zot 2.1.20 and older return the blobs of those to anyone who knows a digest, through ` +
      "a readable repository, because identical blobs are stored only once. If their content is confidential, set zot.storage.dedupe: false.",
  ];
}

/** zot keeps the rules in a map, and takes the first of the longest that it comes upon. */
function ambiguousGlobs(rules: AccessRules): readonly string[] {
  return equallyLong(allRepositories(rules)).map(
    ({ globs: [one, other], repository }) =>
      `${one} and ${other} are equally long, and both match repositories such as ${repository}: zot applies the rules of either, at random for each request. ` +
      "Change one of the globs, so that they have different lengths or no repository in common.",
  );
}

function insecureSessions({ zot, url }: ZotConfigArgs): readonly string[] {
  if (zot.auth.secureSession !== false || !url.startsWith("https:")) return [];
  return [
    "zot.auth.secureSession is false although registry.url is https: browsers would also send session cookies over plain http. Remove the setting.",
  ];
}

/**
 * Who besides admins may create images in the folder of a pull-through registry. With a leaked key, an attacker could put an image there
 * that users take for the original. zot itself needs no permission to fetch.
 */
function writableMirrors(config: ZotConfig, { rules }: ZotConfigArgs): readonly string[] {
  const repositories = allRepositories(rules);
  const open = mirrorsOf(config).flatMap(({ folder, glob }) => {
    const inside =
      folder === "" ? repositories.flatMap((one) => samplesOf(one.glob, "sample")) : samplesBelow(repositories, folder);
    const samples = [...inside, ...samplesOf(glob, "sample")];
    const subjects = samples
      .filter((sample) => matchesGlob(glob, sample))
      .flatMap((sample) => creators(decidingRules(repositories, sample), rules.adminGroup));
    return subjects.length === 0 ? [] : [{ folder, glob, subjects: [...new Set(subjects)] }];
  });
  const bySubjects = Map.groupBy(open, ({ subjects }) => subjects.join(" and "));
  return [...bySubjects].map(([subjects, places]) => {
    const names = [...new Set(places.map(({ folder, glob }) => (folder === "" ? glob : folder)))];
    const closed = subjects.includes(EVERYONE) ? "{ci: read, signedInActions: []}" : "{ci: read}";
    const rule = names.map((name) => `"${name.replace(/\/\*\*$/, "")}/**": ${closed}`).join(", ");
    const remedy = names.includes("**")
      ? "mirror into a folder of its own (destination)"
      : `set access.namespaces: {${rule}}`;
    return (
      `${subjects} may create images in ${names.join(", ")}, where zot stores what it mirrors: with a leaked key, an attacker could put images there ` +
      `that users take for the original. To prevent this, ${remedy}.`
    );
  });
}

const EVERYONE = "Every signed-in user";

function creators(rules: RepositoryRules | undefined, adminGroup: string): readonly string[] {
  const writing = (actions: readonly string[]): boolean =>
    actions.some((action) => action === "create" || action === "update");
  if (rules === undefined) return [];
  const named = rules.policies
    .filter(({ actions }) => writing(actions))
    .flatMap(({ groups, users }) => [
      ...groups.filter((group) => group !== adminGroup).map((group) => `Group ${group}`),
      ...users.map((user) => `Account ${user}`),
    ]);
  return [
    ...named,
    ...(writing(rules.defaultPolicy) ? [EVERYONE] : []),
    ...(writing(rules.anonymousPolicy) ? ["Anyone"] : []),
  ];
}
