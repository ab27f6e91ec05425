import { at, isObject, list, string } from "../../core/json.ts";
import type { JsonObject } from "../../core/json.ts";
import type { KeyLife } from "../report.ts";
import { rowsOf } from "./state.ts";

/**
 * The stack's outputs about each account's key, as the keys' own resources have them: after an `up` that failed later, the stack's outputs are still those
 * of the key before.
 *
 * @param outputs the stack's outputs: what only they tell is about the first account
 * @returns at least one, that of the first account first; it may be empty
 */
export function keysIn(outputs: unknown, state: unknown): readonly [JsonObject, ...JsonObject[]] {
  const [first, ...others] = rowsOf(state, "zot-auth:zot:ApiKey").map(({ outputs: key }) => keyOutputs(key));
  return [{ ...(isObject(outputs) ? outputs : {}), ...first }, ...others];
}

function keyOutputs(key: unknown): JsonObject {
  const all = {
    ciUser: at(key, "username"),
    keyLabel: at(key, "label"),
    keyUuid: at(key, "uuid"),
    keyFingerprint: at(key, "fingerprint"),
    keyCreated: at(key, "created"),
    keyRotates: at(key, "rotates"),
    keyExpires: at(key, "expires"),
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => typeof value === "string"));
}

/** The keys of an account that the stack does not manage, as of the last update. */
export interface UnmanagedKeys {
  /** Its user name; empty if the state does not tell. */
  readonly account: string;
  readonly labels: readonly string[];
}

/** An account of which the state does not tell is absent. */
export function unmanagedKeysIn(state: unknown): readonly UnmanagedKeys[] {
  return rowsOf(state, "zot-auth:zot:OtherKeys").map(({ account, outputs }) => ({
    account,
    labels: list(at(outputs, "unmanaged")).map((key) => string(at(key, "label"))),
  }));
}

/** The life of each account's key, as far as there is one. */
export function keyLivesOf(outputs: unknown, state: unknown): readonly KeyLife[] {
  const [keys, others] = [keysIn(outputs, state), unmanagedKeysIn(state)];
  // Its account may have another name since.
  const onlyOne = keys.length === 1 && others.length === 1 ? others[0] : undefined;
  return keys.flatMap((key) => {
    const [account, label, created, rotates, expires] = [
      "ciUser",
      "keyLabel",
      "keyCreated",
      "keyRotates",
      "keyExpires",
    ].map((name) => (typeof key[name] === "string" ? key[name] : undefined));
    if (account === undefined || label === undefined || created === undefined) return [];
    if (rotates === undefined || expires === undefined) return [];
    const found = others.find((other) => other.account === account) ?? onlyOne;
    return [{ account, label, created, rotates, expires, unmanaged: found?.labels.length ?? 0 }];
  });
}
