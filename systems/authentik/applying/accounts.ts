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
