import { matchesGlob } from "../../access/globs/match.ts";
import { commonSample, samplesOf } from "../../access/globs/samples.ts";
import { valueAt } from "../syntax/anyCase.ts";
import { list } from "../checks/patterns.ts";

/** Repositories that zot fills from another registry. */
export interface Mirror {
  /** The place of its registry in the config. */
  readonly registry: number;
  /** The folder that they are in; empty if they may be anywhere. */
  readonly folder: string;
  /** The glob that they match. */
  readonly glob: string;
}

/** What zot mirrors by its config, whether `registry.pullThrough` or `zot.extra` says so. */
export function mirrorsOf(config: unknown): readonly Mirror[] {
  const sync = valueAt(config, "extensions", "sync");
  if (valueAt(sync, "enable") === false) return [];
  return list(valueAt(sync, "registries")).flatMap((registry, index) => {
    const contents = list(valueAt(registry, "content"));
    if (contents.length === 0) return [{ registry: index, folder: "", glob: "**" }];
    return contents.map((content) => ({ registry: index, ...placeOf(content) }));
  });
}

function placeOf(content: unknown): Pick<Mirror, "folder" | "glob"> {
  const prefix = trimmed(valueAt(content, "prefix"));
  const destination = trimmed(valueAt(content, "destination"));
  const segments = prefix.split("/");
  const wildcard = segments.findIndex((segment) => /[*?[{\\]/.test(segment));
  const folders = wildcard === -1 ? segments : segments.slice(0, wildcard);
  const isStripped = valueAt(content, "stripPrefix") === true;
  const kept = isStripped ? segments.slice(folders.length) : segments;
  return {
    folder: [destination, ...(isStripped ? [] : folders)].filter((name) => name !== "").join("/"),
    glob: [destination, ...kept].filter((name) => name !== "").join("/"),
  };
}

/** zot ignores slashes at both ends. */
function trimmed(value: unknown): string {
  return typeof value === "string" ? value.replaceAll(/^\/+|\/+$/g, "") : "";
}

/** Whether zot may fill a repository, or one below it. */
export function fills({ glob }: Mirror, repository: string): boolean {
  return matchesGlob(glob, repository) || samplesOf(glob, "sample", repository).length > 0;
}

/** A registry that zot mirrors to where it mirrors an earlier one, too. */
export interface SharedPlace {
  readonly first: number;
  readonly later: number;
  /** A repository that both may fill. */
  readonly repository: string;
}

/** At most one for each registry. A mirror of everything is wrong already, because it replaces CI's images. */
export function sharedPlaces(mirrors: readonly Mirror[]): readonly SharedPlace[] {
  const shared = new Map<number, SharedPlace>();
  const limited = mirrors.filter(({ glob }) => glob !== "**");
  for (const { registry: later, glob } of limited) {
    for (const { registry: first, glob: other } of limited) {
      const repository = first < later ? (commonSample(glob, other) ?? commonSample(other, glob)) : undefined;
      if (repository !== undefined && !shared.has(later)) shared.set(later, { first, later, repository });
    }
  }
  return [...shared.values()];
}

/** What is wrong with that, and what to do. */
export function describeShared(repository: string, first: string): string {
  return `zot stores images such as ${repository} for it and for ${first}: an image would come from whichever has it. Mirror into another folder (destination), or give the addresses of one registry in one entry.`;
}
