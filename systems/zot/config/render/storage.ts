import type { ZotSettings } from "../settings.ts";
import { goDuration, optionalGoDuration } from "./duration.ts";
import { present } from "../../../../core/json.ts";
import type { JsonObject } from "../../../../core/json.ts";

type Storage = ZotSettings["storage"];
type Cleaning = Pick<Storage, "dedupe" | "gc" | "gcDelay" | "gcInterval" | "retention">;
type Retention = NonNullable<Storage["retention"]>;
type Kept = NonNullable<Retention["policies"][number]["keepUntagged"]>;

/** zot's `storage`: folders, garbage collection and retention. `locate` converts the path in a setting to the path on the host. */
export function renderStorage(storage: Storage, dataDirectory: string, locate: (path: string) => string): JsonObject {
  const subPaths = Object.entries(storage.subPaths).map(([path, sub]) => [
    path,
    { rootDirectory: locate(sub.dataDirectory), ...cleaning(sub) },
  ]);
  return present({
    rootDirectory: dataDirectory,
    ...cleaning(storage),
    commit: storage.commit,
    maxRepos: storage.maxRepos,
    fastRestart: storage.fastRestart,
    subPaths: subPaths.length === 0 ? undefined : Object.fromEntries(subPaths),
  });
}

function cleaning({ dedupe, gc, gcDelay, gcInterval, retention }: Cleaning): JsonObject {
  return present({
    dedupe,
    gc,
    // Without garbage collection, zot only warns that it ignores these.
    gcDelay: gc ? goDuration(gcDelay) : undefined,
    gcInterval: gc ? goDuration(gcInterval) : undefined,
    retention: retention === undefined ? undefined : renderRetention(retention),
  });
}

function renderRetention({ dryRun, delay, policies }: Retention): JsonObject {
  return {
    dryRun,
    delay: goDuration(delay),
    policies: policies.map((policy) =>
      present({
        repositories: policy.repositories,
        deleteReferrers: policy.deleteReferrers,
        deleteUntagged: policy.deleteUntagged,
        keepUntagged: policy.keepUntagged === undefined ? undefined : kept(policy.keepUntagged),
        keepTags:
          policy.keepTags.length === 0
            ? undefined
            : policy.keepTags.map(({ patterns, ...rest }) =>
                present({ patterns: patterns.length === 0 ? undefined : patterns, ...kept(rest) }),
              ),
      }),
    ),
  };
}

function kept(rule: Kept): JsonObject {
  return present({
    ...rule,
    pulledWithin: optionalGoDuration(rule.pulledWithin),
    pushedWithin: optionalGoDuration(rule.pushedWithin),
  });
}
