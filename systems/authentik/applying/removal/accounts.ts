import { OF_THE_ONLY_ACCOUNT } from "../../../../core/settings/accountNames.ts";
import { ZotAuthError } from "../../../../core/errors.ts";
import { at, string } from "../../../../core/json.ts";
import { accountName, appPasswordIdentifier } from "../../blueprint/render.ts";
import { usernameOf } from "../../blueprint/objects.ts";
import type { BlueprintObject } from "../../blueprint/objects.ts";
import type { Authentik } from "../../client.ts";
import type { Context } from "../../../../provider/resource.ts";

/** The type of the rows that say which accounts the settings declare. */
export const ACCOUNT_CLEANUP = "zot-auth:authentik:AccountCleanup";

/** Whether the settings declare an account of that name, in this run: then it stays, whichever of them had the name before. */
export function isDeclared(username: string, context: Context): boolean {
  return context.declared(ACCOUNT_CLEANUP).some((inputs) => inputs["username"] === username);
}

/** Whose an account of that user name is. `ours` is one with the name that only our blueprints give: nothing else is ever removed. */
export type AccountOwner = "ours" | "absent" | { readonly foreign: string };

export async function ownerOf(authentik: Authentik, username: string): Promise<AccountOwner> {
  const user = await authentik.user(username);
  if (user === undefined) return "absent";
  const name = string(at(user, "name"));
  if (name === accountName(username)) return "ours";
  return {
    foreign:
      `The account ${username} in Authentik has the name "${name}", not "${accountName(username)}", so it is not treated as this program's and stays unchanged. ` +
      "If it is CI's account, restore that name and run again. If it is somebody else's, there is nothing to do.",
  };
}

/**
 * Refuses an account that must not become CI's, because a later `destroy` would delete it as ours: the one whose token this program works with, and somebody's. A service
 * account that is there for CI may be taken over, unless it is an administrator.
 *
 * @param setting names the account
 * @param isNew whether the stack has not made the account, and may not have changed it since
 * @throws ZotAuthError `ACCOUNT_TAKEN`
 */
export async function assertMayBeCis(
  authentik: Authentik,
  username: string,
  isNew: boolean,
  setting = OF_THE_ONLY_ACCOUNT.user,
): Promise<void> {
  if ((await authentik.owner()).username === username) {
    throw new ZotAuthError(
      "ACCOUNT_TAKEN",
      `${setting}: the token of authentik.token belongs to the account "${username}". \`up\` would make that account CI's, and \`pulumi destroy\` would delete it and the token with it. ` +
        `Set ${setting} to another name, or authentik.token to a token of another account.`,
    );
  }
  const user = isNew ? await authentik.user(username) : undefined;
  if (user === undefined || string(at(user, "name")) === accountName(username)) return;
  const type = string(at(user, "type"));
  const isPerson = type !== "service_account";
  if (!isPerson && at(user, "is_superuser") !== true) return;
  const [why, remedy] = isPerson
    ? [`is of the type ${type}, not a service account`, ""]
    : ["is an administrator", ", or take the account out of the groups that make it one"];
  throw new ZotAuthError(
    "ACCOUNT_TAKEN",
    `${setting}: the account "${username}" exists in Authentik and ${why}. \`up\` would make it CI's, and \`pulumi destroy\` would delete it. ` +
      `Set ${setting} to a name that no account has, or to a service account of CI${remedy}.`,
  );
}

/** Without accounts of others, and with a warning that names each. Our state may be months old, and somebody may have created an account of that name since. */
export async function withoutForeignAccounts(
  authentik: Authentik,
  objects: readonly BlueprintObject[],
  context: Context,
): Promise<readonly BlueprintObject[]> {
  const kept = new Set<BlueprintObject>();
  for (const object of objects) {
    const username = usernameOf(object);
    if (username === undefined) continue;
    const owner = await ownerOf(authentik, username);
    if (typeof owner === "string") continue;
    context.warn(owner.foreign);
    kept.add(object).add(`authentik_core.token ${appPasswordIdentifier(username)}`);
  }
  return objects.filter((object) => !kept.has(object));
}
