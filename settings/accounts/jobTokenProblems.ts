import type { SettingsProblem } from "../../core/settings/problem.ts";
import { isAmong } from "../../systems/forgejo/jobToken/tokenTargets.ts";
import { accountSettings } from "./accountSettings.ts";
import type { Settings } from "../schema.ts";

/** Job tokens that could not be proved, or that nobody could tell from another account's. */
export function* jobTokenProblems(settings: Settings): Generator<SettingsProblem> {
  if (Object.keys(settings.accounts).length === 0) {
    yield {
      path: "ci.accounts",
      message:
        "has no account with a key: `up` proves with a key that zot still accepts keys beside job tokens. Give one account auth: apiKey or both.",
    };
  }
  if (Object.keys(settings.jobAccounts).length === 0) {
    if (settings.forgejo.rootUrl !== undefined)
      yield { path: "forgejo.rootUrl", message: "has no effect without an account that has job tokens. Remove it." };
    return;
  }
  for (const [id, { repositories, refs, proof }] of Object.entries(settings.jobAccounts)) {
    const { life } = accountSettings(id, settings);
    if (proof === undefined) continue;
    if (!isAmong(proof.repository, repositories)) {
      yield {
        path: `${life}.jobToken.proof.repository`,
        message: `got "${proof.repository}", which ${life}.repositories does not list, so its jobs cannot push. Add it there, or use a repository of the list.`,
      };
    }
    const ref = `refs/heads/${proof.ref}`;
    if (refs.some((allowed) => allowed === ref || (allowed.endsWith("*") && ref.startsWith(allowed.slice(0, -1)))))
      continue;
    yield {
      path: `${life}.jobToken.proof.ref`,
      message: `got "${proof.ref}", whose jobs may not push: ${life}.jobToken.refs has no ${ref}. Add it there, or use another branch.`,
    };
  }
}
