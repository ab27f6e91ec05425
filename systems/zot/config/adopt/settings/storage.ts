import { isObject, list, present } from "../../../../../core/json.ts";
import type { JsonObject } from "../../../../../core/json.ts";
import { objectAt, valueAt } from "../../syntax/anyCase.ts";
import { absoluteAt, durationAt, flagAt, numberAt, someTextsAt, textsAt } from "./read.ts";

/** The settings `zot.storage` of a config. zot's own defaults are not ours, so each is written out. */
export function adoptStorage(storage: JsonObject): JsonObject {
  const subPaths = Object.entries(objectAt(storage, "subPaths")).flatMap(([path, sub]) => {
    const dataDirectory = absoluteAt(sub, "rootDirectory");
    return dataDirectory === undefined ? [] : [[path, { dataDirectory, ...cleaning(sub, false) }] as const];
  });
  return present({
    ...cleaning(storage, true),
    commit: flagAt(storage, "commit"),
    maxRepos: numberAt(storage, "maxRepos"),
    fastRestart: flagAt(storage, "fastRestart"),
    subPaths: Object.fromEntries(subPaths),
  });
}

/** @param collects whether zot collects garbage here by itself */
function cleaning(storage: unknown, collects: boolean): JsonObject {
  const gcDelay = durationAt(storage, "gcDelay") ?? "1 hour";
  return present({
    dedupe: flagAt(storage, "dedupe"),
    gc: flagAt(storage, "gc") ?? collects,
    gcDelay,
    gcInterval: durationAt(storage, "gcInterval") ?? "1 hour",
    retention: adoptRetention(valueAt(storage, "retention"), gcDelay),
  });
}

function adoptRetention(retention: unknown, gcDelay: string): JsonObject | undefined {
  const policies = list(valueAt(retention, "policies"));
  if (policies.length === 0) return undefined;
  return present({
    dryRun: flagAt(retention, "dryRun"),
    delay: durationAt(retention, "delay") ?? gcDelay,
    policies: policies.map((policy) => {
      const untagged = valueAt(policy, "keepUntagged");
      const rules = list(valueAt(policy, "keepTags"));
      return present({
        repositories: textsAt(policy, "repositories"),
        deleteReferrers: flagAt(policy, "deleteReferrers"),
        deleteUntagged: flagAt(policy, "deleteUntagged"),
        keepUntagged: isObject(untagged) ? kept(untagged) : undefined,
        keepTags:
          rules.length === 0
            ? undefined
            : rules.map((rule) => present({ patterns: someTextsAt(rule, "patterns"), ...kept(rule) })),
      });
    }),
  });
}

function kept(rule: unknown): JsonObject {
  return present({
    pulledWithin: durationAt(rule, "pulledWithin"),
    pushedWithin: durationAt(rule, "pushedWithin"),
    mostRecentlyPulledCount: numberAt(rule, "mostRecentlyPulledCount"),
    mostRecentlyPushedCount: numberAt(rule, "mostRecentlyPushedCount"),
  });
}
