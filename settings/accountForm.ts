import type { SettingsProblem } from "../core/settings/problem.ts";
import type { WrittenSettings } from "./schema.ts";

/** The form of CI's accounts: the settings of the only one, or `ci.accounts`, in which each has its own. */
export function* accountFormProblems({ ci, access, forgejo }: WrittenSettings): Generator<SettingsProblem> {
  if (ci.accounts === undefined) {
    const required = {
      "ci.keyStore": [ci.keyStore, "a 1Password reference such as op://vault/item/field"],
      "ci.imagePrefix": [ci.imagePrefix, "a repository name, such as blumeops"],
      "forgejo.repositories": [
        forgejo.repositories,
        "a list of at least one repository, organisation or user that gets the secret",
      ],
    } as const;
    for (const [path, [value, example]] of Object.entries(required))
      if (value === undefined) yield { path, message: `required: ${example}; or several accounts, in ci.accounts.` };
    return;
  }
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
