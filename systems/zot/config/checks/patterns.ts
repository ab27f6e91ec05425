import { VALID_GLOB } from "../../access/globs/setting.ts";
import { isValidGlob } from "../../access/globs/match.ts";
import { objectAt, valueAt } from "../syntax/anyCase.ts";
import { regularExpressionProblem } from "./regularExpressions.ts";
import { shown } from "./problem.ts";
import type { ConfigProblem } from "./problem.ts";

/** Patterns with which zot does not start. */
export function* patternProblems(config: unknown): Generator<ConfigProblem> {
  for (const [path, pattern] of globsIn(config)) {
    if (typeof pattern !== "string" || isValidGlob(pattern)) continue;
    yield { path, message: `got ${shown(pattern)}; zot does not start with it. Must be ${VALID_GLOB}.` };
  }
  for (const [path, expression] of expressionsIn(config)) {
    const problem = typeof expression === "string" ? regularExpressionProblem(expression) : undefined;
    if (problem === undefined) continue;
    yield {
      path,
      message: `got ${shown(expression)}; zot does not start with it: ${problem}. Use a regular expression that Go (RE2) accepts.`,
    };
  }
}

function* expressionsIn(config: unknown): Generator<readonly [path: string, expression: unknown]> {
  for (const { path, policy } of retentionPolicies(config)) {
    for (const [rule, keep] of list(valueAt(policy, "keepTags")).entries()) {
      for (const [index, expression] of list(valueAt(keep, "patterns")).entries())
        yield [`${path}.keepTags.${rule}.patterns.${index}`, expression];
    }
  }
  for (const { path, content } of syncContents(config)) {
    for (const key of ["regex", "excludeRegex"]) yield [`${path}.tags.${key}`, valueAt(content, "tags", key)];
  }
}

function* globsIn(config: unknown): Generator<readonly [path: string, pattern: unknown]> {
  const repositories = objectAt(config, "http", "accessControl", "repositories");
  for (const pattern of Object.keys(repositories)) yield [`http.accessControl.repositories.${pattern}`, pattern];
  for (const { path, policy } of retentionPolicies(config)) {
    for (const [index, pattern] of list(valueAt(policy, "repositories")).entries())
      yield [`${path}.repositories.${index}`, pattern];
  }
  for (const { path, content } of syncContents(config)) yield [`${path}.prefix`, valueAt(content, "prefix")];
}

/** The policies of all storage folders, and where they are. */
export function* retentionPolicies(config: unknown): Generator<{ readonly path: string; readonly policy: unknown }> {
  const subPaths = Object.entries(objectAt(config, "storage", "subPaths"));
  const storages = subPaths.map(([path, storage]) => [`storage.subPaths.${path}`, storage] as const);
  for (const [where, storage] of [["storage", objectAt(config, "storage")] as const, ...storages]) {
    for (const [index, policy] of list(valueAt(storage, "retention", "policies")).entries())
      yield { path: `${where}.retention.policies.${index}`, policy };
  }
}

function* syncContents(config: unknown): Generator<{ readonly path: string; readonly content: unknown }> {
  for (const [index, registry] of list(valueAt(config, "extensions", "sync", "registries")).entries()) {
    for (const [place, content] of list(valueAt(registry, "content")).entries())
      yield { path: `extensions.sync.registries.${index}.content.${place}`, content };
  }
}

/** The entries of a list; none for what is no list. */
export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
