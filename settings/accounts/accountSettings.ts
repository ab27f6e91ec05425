import { ONLY } from "./accounts.ts";
import type { Settings } from "../schema.ts";

/** Where the settings name what an account has, for messages. */
export interface AccountSettings {
  readonly user: string;
  readonly group: string;
  readonly prefix: string;
  readonly keyStore: string;
  readonly secretName: string;
  readonly repository: string;
  readonly repositories: string;
  /** The group with the life of the key. */
  readonly life: string;
}

const OF_THE_ONLY_ONE: AccountSettings = {
  user: "ci.user",
  group: "access.ciGroup",
  prefix: "ci.imagePrefix",
  keyStore: "ci.keyStore",
  secretName: "forgejo.secretName",
  repository: "acceptance.repository",
  repositories: "forgejo.repositories",
  life: "ci",
};

/** By the account's id. The only account's settings have places of their own, unless `ci.accounts` has it. */
export function accountSettings(id: string, { accounts }: Pick<Settings, "accounts">): AccountSettings {
  if (id === ONLY && accounts[id] !== undefined && accounts[id].access[0].namespaces === undefined)
    return OF_THE_ONLY_ONE;
  const life = `ci.accounts.${id}`;
  return {
    user: `${life}.user`,
    group: `${life}.group`,
    prefix: `${life}.push`,
    keyStore: `${life}.keyStores`,
    secretName: `${life}.secretName`,
    repository: "acceptance.repository",
    repositories: `${life}.repositories`,
    life,
  };
}
