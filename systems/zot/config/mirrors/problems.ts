import type { SettingsProblem } from "../../../../core/settings/problem.ts";
import { valueAt } from "../syntax/anyCase.ts";
import type { ZotConfigArgs } from "../render/args.ts";
import { list } from "../checks/patterns.ts";
import { describeShared, fills, mirrorsOf, sharedPlaces } from "./mirrors.ts";
import type { Mirror } from "./mirrors.ts";

/**
 * Mistakes about the registries that zot mirrors.
 *
 * @param config the rendered config
 * @param images CI's repositories, and the settings that name them
 */
export function* mirrorProblems(
  { pullThrough, zot }: ZotConfigArgs,
  config: unknown,
  images: readonly { readonly setting: string; readonly repository: string }[],
): Generator<SettingsProblem> {
  const mirrors = mirrorsOf(config);
  for (const { setting, repository } of images) {
    const mirror = mirrors.find((one) => fills(one, repository));
    if (mirror === undefined) continue;
    yield {
      path: setting,
      message: `got "${repository}", which is inside ${mirror.folder === "" ? mirror.glob : mirror.folder} of ${settingOf(mirror, pullThrough.length > 0)}: the next pull would replace what CI pushes there with the upstream image. Use a different name.`,
    };
  }
  for (const [index, { name, maxRetries, retryDelay, preserveDigest }] of pullThrough.entries()) {
    const path = `registry.pullThrough.${index}`;
    if (maxRetries !== undefined && retryDelay === undefined)
      yield { path: `${path}.maxRetries`, message: `got ${maxRetries}; zot needs retryDelay with it. Set it too.` };
    if (preserveDigest === true && !zot.http.compat.includes("docker2s2")) {
      yield {
        path: `${path}.preserveDigest`,
        message: "got true; zot keeps Docker's format only with zot.http.compat: [docker2s2]. Set it too.",
      };
    }
    const first = pullThrough.findIndex((other) => other.name === name);
    if (first === index) continue;
    yield {
      path: `${path}.name`,
      message: `got "${name}", which is also registry.pullThrough.${first}.name: an image would come from whichever has it. Use another name, fallbackUrls for further addresses, or contents for several parts of the registry.`,
    };
  }
  for (const { first, later, repository } of sharedPlaces(mirrors)) {
    // One name is reported above.
    if (pullThrough[later] !== undefined && pullThrough[later].name === pullThrough[first]?.name) continue;
    const isDeclared = pullThrough.length > 0;
    yield {
      path: placeOf(later, isDeclared),
      message: describeShared(repository, placeOf(first, isDeclared)),
    };
  }
  if (list(valueAt(config, "extensions", "sync", "registries")).length > 0) return;
  for (const key of ["credentialsFile", "downloadDir"] as const) {
    if (zot.sync[key] === undefined) continue;
    yield {
      path: `zot.sync.${key}`,
      message: "has no effect without a registry to mirror. Add one to registry.pullThrough, or remove the setting.",
    };
  }
}

function placeOf(registry: number, isDeclared: boolean): string {
  return `${isDeclared ? "registry.pullThrough" : "zot.extra.extensions.sync.registries"}.${registry}`;
}

function settingOf({ registry }: Mirror, isDeclared: boolean): string {
  return isDeclared ? "registry.pullThrough" : `zot.extra.extensions.sync.registries.${registry}`;
}
