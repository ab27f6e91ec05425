import type { JsonObject } from "../../../../core/json.ts";
import { decidingRules, grants } from "../../access/policies.ts";
import { allRepositories } from "../../access/rules.ts";
import { ciGroupOf, rulesOf } from "./candidate.ts";
import type { Candidate } from "./candidate.ts";

const USUAL = "zot-auth/acceptance";

/** Where CI's images can be, if it may not push everywhere. */
export interface CiImages {
  /** The setting ci.imagePrefix; `undefined` if any will do, or none will. */
  readonly imagePrefix: string | undefined;
  /** The setting acceptance.repository; `undefined` for the default. */
  readonly acceptance: string | undefined;
}

/** @param known the setting ci.imagePrefix, if it is decided */
export function ciImages(candidate: Candidate, extra: JsonObject, known: string | undefined): CiImages {
  const all = allRepositories(rulesOf(candidate, extra));
  const group = ciGroupOf(candidate);
  const pushes = (repository: string): boolean => {
    const deciding = decidingRules(all, repository);
    return ["read", "create"].every((action) => grants(deciding, { group }, action));
  };
  const folders = all.flatMap(({ glob }) => /^([a-z0-9._/-]+)\/\*\*$/.exec(glob)?.[1] ?? []);
  const imagePrefix =
    known ?? (pushes("sample/sample") ? undefined : folders.find((folder) => pushes(`${folder}/sample`)));
  const own = `${imagePrefix}/zot-auth-acceptance`;
  return { imagePrefix, acceptance: !pushes(USUAL) && imagePrefix !== undefined && pushes(own) ? own : undefined };
}
