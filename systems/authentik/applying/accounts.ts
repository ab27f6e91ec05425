import { ZotAuthError } from "../../../core/errors.ts";
import { at, string } from "../../../core/json.ts";
import { accountName, appPasswordIdentifier } from "../blueprint/render.ts";
import { usernameOf } from "../blueprint/objects.ts";
import type { BlueprintObject } from "../blueprint/objects.ts";
import type { Authentik } from "../client.ts";
import type { Context } from "../../../provider/resource.ts";

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
 * Refuses to make somebody's account CI's: the blueprint would rename it and set its type, and a later `destroy` would delete it as ours. A service account that is there
 * for CI may be taken over, unless it is an administrator.
 *
 * @throws ZotAuthError `ACCOUNT_TAKEN`
 */
export async function assertFreeForCi(authentik: Authentik, username: string): Promise<void> {
  const user = await authentik.user(username);
  if (user === undefined || string(at(user, "name")) === accountName(username)) return;
  const type = string(at(user, "type"));
  const isPerson = type !== "service_account";
  if (!isPerson && at(user, "is_superuser") !== true) return;
  const [why, remedy] = isPerson
    ? [`is of the type ${type}, not a service account`, ""]
    : ["is an administrator", ", or take the account out of the groups that make it one"];
  throw new ZotAuthError(
    "ACCOUNT_TAKEN",
    `ci.user: the account "${username}" exists in Authentik and ${why}. \`up\` would make it CI's, and \`pulumi destroy\` would delete it. ` +
      `Set ci.user to a name that no account has, or to a service account of CI${remedy}.`,
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
