import type { JsonObject } from "../../core/json.ts";
import { judgeKeyDates } from "../../systems/zot/keys/rotation.ts";
import type { KeyJudgement } from "../../systems/zot/keys/rotation.ts";

/** The dates of the accounts' keys, judged. */
export interface KeysJudged {
  readonly keys: readonly (KeyJudgement & { readonly account: string; readonly sentence: string })[];
  /** Those that are overdue or have expired. */
  readonly overdue: KeysJudged["keys"];
  /** `good`, `due` or `expired`; of several accounts, which one's key is not good: `zot-site: due`. */
  readonly verdict: string;
}

/** @param keys the stack's outputs about each account's key */
export function judgeKeys(keys: readonly JsonObject[], now: Date): KeysJudged {
  const judged = keys.map((key) => {
    const account = String(key["ciUser"]);
    const judgement = judgeKeyDates(key, now);
    return { ...judgement, account, sentence: `The key of ${account} ${judgement.says}.` };
  });
  const overdue = judged.filter(({ verdict }) => verdict === "due" || verdict === "expired");
  const verdicts = overdue.map(({ account, verdict }) => (judged.length === 1 ? verdict : `${account}: ${verdict}`));
  return { keys: judged, overdue, verdict: verdicts.join(", ") || "good" };
}
