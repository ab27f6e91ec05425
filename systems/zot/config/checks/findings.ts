import type { Settings } from "../../../../settings/schema.ts";
import { valueAt } from "../../../../core/json.ts";
import type { JsonObject } from "../../../../core/json.ts";
import { decidingRules, repositoryRules, samplesBelow } from "../../access/policies.ts";

/**
 * What a preview warns of in a config that works: session cookies that go over plain http, private blobs that zot hands out, and who besides admins may create under the
 * folder of a pull-through registry. A leaked key could put an image there that everybody takes for the one of `docker.io`; zot itself
 * fetches without anybody's rights.
 */
export function findings(config: JsonObject, settings: Settings): readonly string[] {
  return [...openDestinations(config, settings), ...openSessions(settings), ...sharedBlobs(config)];
}

/**
 * Measured on zot 2.1.18 and 2.1.20: a GET with `Range` on a repository that one may read hands out a blob of any other repository, when its
 * digest is known and blobs are stored once.
 */
function sharedBlobs(config: JsonObject): readonly string[] {
  if (valueAt(config, "storage", "dedupe") === false) return [];
  const rules = repositoryRules(config);
  const closed = rules.filter(({ anonymousPolicy }) => !anonymousPolicy.includes("read")).map(({ glob }) => glob);
  if (closed.length === 0 || closed.length === rules.length) return [];
  return [
    `Anybody may read some repositories and not ${closed.join(", ")}. zot (2.1.20 and before) hands out a blob of those to whoever knows its digest, by ` +
      "a repository that may be read, as long as blobs are stored once. Where what is in them matters, set zot.storage.dedupe: false.",
  ];
}

function openSessions({ zot, registry }: Settings): readonly string[] {
  if (zot.auth.secureSession !== false || !registry.url.startsWith("https:")) return [];
  return [
    "zot.auth.secureSession is false while registry.url is https: browsers would send session cookies over plain http, too. Leave the setting out.",
  ];
}

function openDestinations(config: JsonObject, { access, registry }: Settings): readonly string[] {
  const rules = repositoryRules(config);
  const open = registry.pullThrough.flatMap(({ name }) => {
    const subjects = samplesBelow(rules, name).flatMap((sample) =>
      creators(decidingRules(rules, sample), access.adminGroup),
    );
    return subjects.length === 0 ? [] : [{ name, subjects: [...new Set(subjects)] }];
  });
  const bySubjects = Map.groupBy(open, ({ subjects }) => subjects.join(" and "));
  return [...bySubjects].map(([subjects, destinations]) => {
    const names = destinations.map(({ name }) => name);
    const rule = names.map((name) => `"${name}/**": {ci: read}`).join(", ");
    return (
      `${subjects} may create images under ${names.join(", ")}, where zot keeps what it pulls through: a leaked key could put images there that ` +
      `everybody takes for the original. Keep them out with access.namespaces: {${rule}}.`
    );
  });
}

function creators(rules: ReturnType<typeof decidingRules>, adminGroup: string): readonly string[] {
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
    ...(writing(rules.defaultPolicy) ? ["Everybody who signed in"] : []),
    ...(writing(rules.anonymousPolicy) ? ["Everybody"] : []),
  ];
}
