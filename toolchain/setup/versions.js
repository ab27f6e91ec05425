/** Tool versions. Change them only here. */

/** Since 22.18 Node runs TypeScript by stripping its types, without a flag; undici needs 22.19. */
export const NODE_MINIMUM = "22.19.0";

/** The CLI that the setup installs if none on PATH is supported: the newest on the Go module proxy. */
export const PULUMI_VERSION = "3.274.1";

/** The oldest supported CLI, of the same major version. It has the SDK's engine protocol and supports Node 22. */
export const PULUMI_MINIMUM = "3.249.0";

/**
 * The first `1.2.3` in a text such as `v3.274.1-dev.0`; undefined for a CLI that was built without a version.
 * @param {string} text
 */
export function versionIn(text) {
  return /\d+\.\d+\.\d+/.exec(text)?.[0];
}

/**
 * @param {string} version
 * @param {string} minimum
 */
export function atLeast(version, minimum) {
  const [a, b] = [numbers(version), numbers(minimum)];
  for (let i = 0; i < 3; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}

/** @param {string} version */
export function major(version) {
  return numbers(version)[0];
}

/** @param {string} version */
function numbers(version) {
  return version.split(".").map(Number);
}
