import { ZotAuthError } from "../../core/errors.ts";

/** A release of zot: `2.1.20`. What zot accepts and enforces depends on it. */
export interface ZotVersion {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
}

/**
 * Parses `2.1.20`, `v2.1.20`, or the output of `zot --version`: a JSON line whose `commit` begins with the release's tag. The versions of
 * Go and of the distribution specification in it have no `v`. `undefined` if the text contains no version of zot.
 */
export function parseZotVersion(text: string): ZotVersion | undefined {
  const match = /^(\d+)\.(\d+)\.(\d+)$/.exec(text.trim()) ?? /\bv(\d+)\.(\d+)\.(\d+)\b/.exec(text);
  if (match === null) return undefined;
  return { major: Number(match[1]), minor: Number(match[2]), patch: Number(match[3]) };
}

export function formatZotVersion(version: ZotVersion): string {
  return `${version.major}.${version.minor}.${version.patch}`;
}

/** Whether `version` is `than` or later. */
export function atLeast(version: ZotVersion, than: string): boolean {
  const other = parseZotVersion(than);
  if (other === undefined) throw new TypeError(`"${than}" is not a version`);
  const difference = version.major - other.major || version.minor - other.minor || version.patch - other.patch;
  return difference >= 0;
}

/** The oldest supported release of zot. */
export const OLDEST_SUPPORTED = "2.1.13";

/** The newest release of zot that this program was tested with. */
export const NEWEST_KNOWN: ZotVersion = { major: 2, minor: 1, patch: 20 };

/** The first release of zot in which an account with only `create` cannot overwrite a tag in any way (zot #3847 and #4266). */
export const FIRST_WITHOUT_OVERWRITE = "2.1.19";

/**
 * The first release of zot that is taken to accept job tokens beside sign-ins, API keys and anonymous pulls (zot #4243). With the same config, earlier
 * ones accept nothing else. No release was measured: `up` tries all four ways once zot has restarted, and restores the previous config if one fails.
 */
export const FIRST_WITH_JOB_TOKENS = "2.1.22";

/**
 * Rejects a zot that cannot enforce the access policy.
 *
 * @param acceptOverwrite the setting `registry.acceptCiOverwrite`
 * @throws ZotAuthError `ZOT_VERSION_UNSUPPORTED`, `ZOT_VERSION_OVERWRITES`
 */
export function assertKeepsPolicy(version: ZotVersion, acceptOverwrite: boolean): void {
  const name = formatZotVersion(version);
  if (!atLeast(version, OLDEST_SUPPORTED)) {
    throw new ZotAuthError(
      "ZOT_VERSION_UNSUPPORTED",
      `The registry runs zot ${name}, but this program supports zot ${OLDEST_SUPPORTED} and later. Upgrade zot on the host.`,
    );
  }
  if (!atLeast(version, FIRST_WITHOUT_OVERWRITE) && !acceptOverwrite) {
    throw new ZotAuthError(
      "ZOT_VERSION_OVERWRITES",
      `The registry runs zot ${name}, where an account with only the action create can still overwrite tags (fixed in ` +
        `${FIRST_WITHOUT_OVERWRITE}): a leaked CI key could replace images. Upgrade zot on the host, or accept the risk with ` +
        "registry.acceptCiOverwrite: true.",
    );
  }
}
