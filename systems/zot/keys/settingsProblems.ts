import { toSeconds } from "../../../core/time/duration.ts";
import type { Duration } from "../../../core/time/duration.ts";
import type { SettingsProblem } from "../../../core/settings/problem.ts";
import type { CiSettings } from "./settings.ts";

/**
 * A key that would expire before it is replaced.
 *
 * @param group of the settings
 */
export function* keyProblems(
  { rotateAfter, keyLifetime }: Pick<CiSettings, "keyLifetime"> & { readonly rotateAfter: Duration | undefined },
  group = "ci",
): Generator<SettingsProblem> {
  if (rotateAfter === undefined || toSeconds(rotateAfter) < toSeconds(keyLifetime)) return;
  yield {
    path: `${group}.rotateAfter`,
    message: `got "${rotateAfter}"; must be shorter than ${group}.keyLifetime "${keyLifetime}", or the key expires before it is replaced. Omit it to use two thirds of the lifetime.`,
  };
}
