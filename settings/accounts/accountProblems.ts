import type { SettingsProblem } from "../../core/settings/problem.ts";
import { mayBeSameField } from "../../core/secrets/reference.ts";
import { accountSettings } from "./accountSettings.ts";
import { pushers, suffixOf } from "./accounts.ts";
import type { Settings } from "../schema.ts";

/** What two accounts may not share. */
export function* accountProblems(settings: Settings): Generator<SettingsProblem> {
  const accounts = pushers(settings).map(([id, account]) => ({
    account,
    keyStores: settings.accounts[id]?.keyStores ?? [],
    names: accountSettings(id, settings),
  }));
  yield* resourceProblems(settings);
  for (const [index, { account, keyStores, names }] of accounts.entries()) {
    for (const earlier of accounts.slice(0, index)) {
      for (const [what, why] of [
        ["user", "each account has its own keys"],
        ["group", "each could push the other's images"],
      ] as const) {
        if (account[what] !== earlier.account[what]) continue;
        yield {
          path: names[what],
          message: `got "${account[what]}", which is also ${earlier.names[what]}: ${why}. Use a different ${what === "user" ? "user name" : "group"}.`,
        };
      }
      for (const { group } of account.access) {
        if (account.group === earlier.account.group) break;
        if (!earlier.account.access.some((other) => other.group === group)) continue;
        yield {
          path: names.group,
          message: `got "${account.group}", and ${earlier.names.group} is "${earlier.account.group}": "${group}" would be the group of both, and each could push the other's images. Use a different group.`,
        };
      }
      for (const prefix of account.prefixes) {
        const shared = earlier.account.prefixes.find((other) => isInside(prefix, other) || isInside(other, prefix));
        if (shared === undefined) continue;
        yield {
          path: names.prefix,
          message: `got "${prefix}", which overlaps "${shared}" of ${earlier.names.prefix}: only one account may push there. Use namespaces that do not contain each other.`,
        };
      }
      for (const store of keyStores) {
        const shared = earlier.keyStores.find((other) => mayBeSameField(store, other));
        if (shared === undefined) continue;
        yield {
          path: names.keyStore,
          message: `got "${store}", which ${earlier.names.keyStore} names too: each would overwrite the other's key. Use a field of its own.`,
        };
      }
    }
  }
}

/** Pulumi distinguishes resources by their names, which an id and a target make together. */
function* resourceProblems(settings: Settings): Generator<SettingsProblem> {
  for (const [what, accounts] of [
    ["secret", settings.accounts],
    ["variable of the job tokens", settings.jobAccounts],
  ] as const) {
    const taken = new Map<string, string>();
    for (const [id, { repositories }] of Object.entries(accounts)) {
      const { life } = accountSettings(id, settings);
      for (const target of repositories) {
        const name = `${suffixOf(id)}-${target}`;
        const other = taken.get(name);
        if (other !== undefined) {
          yield {
            path: life,
            message: `the ${what} for ${target} would be one resource with that of ${other}: the two ids and targets together make the same name. Use another id.`,
          };
        }
        taken.set(name, life);
      }
    }
  }
}

function isInside(name: string, namespace: string): boolean {
  return name === namespace || name.startsWith(`${namespace}/`);
}
