import { applicationsNamedIn, clientIdsOf, namesOf, usernameOf } from "../../blueprint/objects.ts";
import type { BlueprintObject } from "../../blueprint/objects.ts";
import type { Authentik } from "../../client.ts";
import { FLOW, GROUP } from "../../compared/models.ts";
import { ifAllowed } from "../../rights/check.ts";
import { ownerOf } from "./accounts.ts";
import { isOurGroup } from "./groups.ts";

/** Whether Authentik has any of the objects by which a blueprint of ours is recognized. An application that the token may not read may exist. */
export async function isAnyLeft(authentik: Authentik, objects: readonly BlueprintObject[]): Promise<boolean> {
  const left = await Promise.all([
    ...applicationsNamedIn(objects).map(async (slug) => {
      const seen = await ifAllowed(async () => ({ found: await authentik.application(slug) }));
      return seen === undefined || seen.found !== undefined;
    }),
    ...objects.map(async (object) => {
      const name = usernameOf(object);
      return name !== undefined && (await ownerOf(authentik, name)) === "ours";
    }),
    ...clientIdsOf(objects).map(async (id) => {
      const seen = await ifAllowed(async () => ({ found: await authentik.oauth2ProviderOf(id) }));
      return seen?.found !== undefined;
    }),
    // Of settings that reached Authentik in a run that was killed: nothing else may be left of them.
    ...namesOf(objects, FLOW).map(async (slug) => (await ifAllowed(async () => authentik.hasFlow(slug))) === true),
    ...namesOf(objects, GROUP).map(async (name) => isOurGroup(authentik, name)),
  ]);
  return left.includes(true);
}
