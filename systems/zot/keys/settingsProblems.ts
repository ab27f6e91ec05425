import { toSeconds } from "../../../core/duration.ts";
import type { SettingsProblem } from "../../../core/settings/problem.ts";
import type { CiSettings } from "./settings.ts";

/** A key that would expire before it is replaced. */
export function* keyProblems({
  rotateAfter,
  keyLifetime,
}: Pick<CiSettings, "rotateAfter" | "keyLifetime">): Generator<SettingsProblem> {
  if (rotateAfter === undefined || toSeconds(rotateAfter) < toSeconds(keyLifetime)) return;
  yield {
    path: "ci.rotateAfter",
    message: `got "${rotateAfter}"; must be shorter than ci.keyLifetime "${keyLifetime}", or the key expires before it is replaced. Omit it to use two thirds of the lifetime.`,
  };
}
