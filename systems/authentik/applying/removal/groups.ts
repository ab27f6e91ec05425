import { at, list, string } from "../../../../core/json.ts";
import { groupNameOf } from "../../blueprint/objects.ts";
import type { BlueprintObject } from "../../blueprint/objects.ts";
import { accountName } from "../../blueprint/render.ts";
import type { Authentik } from "../../client.ts";
import { ifAllowed } from "../../rights/check.ts";
import type { Context } from "../../../../provider/resource.ts";

/**
 * Without groups that have other members than our accounts, and with a warning that names each: the settings may have named a group of people, also in a
 * run that never reached Authentik. If the token may not view groups, all of them count as ours.
 */
export async function withoutPeoplesGroups(
  authentik: Authentik,
  objects: readonly BlueprintObject[],
  context: Context,
): Promise<readonly BlueprintObject[]> {
  const kept = new Set<BlueprintObject>();
  for (const object of objects) {
    const name = groupNameOf(object);
    const people = name === undefined ? [] : await peopleIn(authentik, name);
    if (people.length === 0) continue;
    context.warn(
      `The group "${name ?? ""}" in Authentik has members that this program did not add (${shown(people)}), so it stays. Delete it in Authentik if you do not need it.`,
    );
    kept.add(object);
  }
  return objects.filter((object) => !kept.has(object));
}

/** Whether there is a group of that name, and no people in it. If the token may not view groups, there is none. */
export async function isOurGroup(authentik: Authentik, name: string): Promise<boolean> {
  const seen = await ifAllowed(async () => ({ group: await authentik.group(name) }));
  return seen?.group !== undefined && peopleOf(seen.group).length === 0;
}

/** How many members the warning names. */
const NAMED = 5;

function shown(people: readonly string[]): string {
  const more = people.length > NAMED ? ` and ${people.length - NAMED} more` : "";
  return `${people.slice(0, NAMED).join(", ")}${more}`;
}

async function peopleIn(authentik: Authentik, name: string): Promise<readonly string[]> {
  const seen = await ifAllowed(async () => ({ group: await authentik.group(name) }));
  return peopleOf(seen?.group);
}

function peopleOf(group: unknown): readonly string[] {
  return list(at(group, "users_obj"))
    .filter((user) => string(at(user, "name")) !== accountName(string(at(user, "username"))))
    .map((user) => string(at(user, "username")));
}
