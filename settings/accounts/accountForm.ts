import { isObject } from "../../core/json.ts";
import type { SettingsProblem } from "../../core/settings/problem.ts";
import type { WrittenSettings } from "../schema.ts";

/** What the only account needs, unless `ci.accounts` has several. The schema cannot say it. */
const REQUIRED = [
  ["ci", "keyStore", "a 1Password reference: op://vault/item/field"],
  ["ci", "imagePrefix", "a repository name, such as blumeops"],
  ["forgejo", "repositories", "a list of at least one repository, organisation or user that gets the secret"],
] as const;

/** @param raw the settings as they are written, valid or not */
export function* missingSettings(raw: Readonly<Record<string, unknown>>): Generator<SettingsProblem> {
  const { ci } = raw;
  if (isObject(ci) && ci["accounts"] !== undefined) return;
  for (const [group, key, wanted] of REQUIRED) {
    const written = raw[group];
    // A group that is missing as a whole is reported by the schema.
    if (!isObject(written) || written[key] !== undefined) continue;
    yield { path: `${group}.${key}`, message: `required: ${wanted}; or several accounts, in ci.accounts.` };
  }
}

/** What an account cannot have with its `auth`, or must have. */
export function* accountAuthProblems({ ci: { accounts = {} } }: WrittenSettings): Generator<SettingsProblem> {
  for (const [id, account] of Object.entries(accounts)) {
    const path = `ci.accounts.${id}`;
    const { auth } = account;
    if (auth !== "jobToken" && account.keyStores === undefined) {
      yield {
        path: `${path}.keyStores`,
        message: "required: a list of at least one 1Password field. Without a stored key: auth: jobToken.",
      };
    }
    if (auth !== "apiKey" && account.repositories === undefined)
      yield { path: `${path}.repositories`, message: `required with auth "${auth}": whose jobs may push.` };
    if (auth === "apiKey" && account.jobToken !== undefined) {
      yield {
        path: `${path}.jobToken`,
        message: 'has no effect with auth "apiKey". Set auth to jobToken or both, or remove it.',
      };
    }
    if (auth !== "jobToken") continue;
    for (const key of ONLY_WITH_KEY) {
      if (account[key] === undefined) continue;
      yield { path: `${path}.${key}`, message: 'has no effect with auth "jobToken": there is no key. Remove it.' };
    }
  }
}

const ONLY_WITH_KEY = [
  "keyStores",
  "secretName",
  "keyLifetime",
  "rotateAfter",
  "gracePeriod",
  "rotationTrigger",
  "revocationTrigger",
  "unmanagedKeys",
  "onDestroy",
] as const;

/** What has another place in the form with several accounts. */
export function* accountFormProblems({ ci, access, forgejo }: WrittenSettings): Generator<SettingsProblem> {
  if (ci.accounts === undefined) return;
  const moved = {
    "ci.user": [ci.user, "user"],
    "ci.keyStore": [ci.keyStore, "keyStores"],
    "ci.imagePrefix": [ci.imagePrefix, "push"],
    "access.ciGroup": [access.ciGroup, "group"],
    "forgejo.secretName": [forgejo.secretName, "secretName"],
    "forgejo.repositories": [forgejo.repositories, "repositories"],
  } as const;
  for (const [path, [value, own]] of Object.entries(moved)) {
    if (value === undefined) continue;
    yield { path, message: `has no effect with ci.accounts. Move it to ci.accounts.<id>.${own}.` };
  }
  if (access.ci === "push")
    yield {
      path: "access.ci",
      message: 'got "push", but with ci.accounts each account pushes only to its own namespaces. Use "read" or "none".',
    };
  for (const [glob, namespace] of Object.entries(access.namespaces)) {
    if (namespace.ci === undefined) continue;
    yield {
      path: `access.namespaces.${glob}.ci`,
      message: "has no effect with ci.accounts: ci.accounts.<id>.push says who may push where. Remove it.",
    };
  }
}
