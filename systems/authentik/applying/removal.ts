import { blueprintHash } from "../blueprint/hash.ts";
import { renderRemoval } from "../blueprint/objects.ts";
import type { BlueprintObject } from "../blueprint/objects.ts";
import { inlineText } from "../blueprint/delivery.ts";
import { messageOf } from "../../../core/errors.ts";
import { Authentik } from "../client.ts";
import type { AuthentikConnection } from "../client.ts";
import { runBlueprint } from "./run.ts";
import type { Context } from "../../../provider/resource.ts";

const NAME = "zot-auth removal";

/**
 * Takes objects out of Authentik, by a blueprint of its own that lives for as long as it takes. Its name is the same each time: what an
 * interrupted run left of it is found and removed before it is made anew.
 *
 * @param what names this removal among those that run side by side
 */
export async function removeObjects(
  connection: AuthentikConnection & { readonly timeout: number },
  what: string,
  objects: readonly BlueprintObject[],
  context: Context,
): Promise<void> {
  if (objects.length === 0) return;
  const authentik = new Authentik(connection, context.signal);
  const name = `${NAME}: ${what}`;
  await sweep(authentik, name);
  const text = inlineText(renderRemoval(objects));
  context.progress(`taking ${objects.join(", ")} out of Authentik`);
  const removal = await authentik.createBlueprint(name, text);
  try {
    await runBlueprint(authentik, removal, { hash: blueprintHash(text), timeout: connection.timeout }, context);
  } catch (error) {
    // Cancelled or not: the clean-up gets a little time of its own. The next run tidies up what it cannot.
    await new Authentik(connection, AbortSignal.timeout(5000)).deleteBlueprint(removal.pk).catch((failed: unknown) => {
      context.warn(`The blueprint "${name}" is left in Authentik; the next run removes it. ${messageOf(failed)}`);
    });
    throw error;
  }
  await authentik.deleteBlueprint(removal.pk);
}

/** Removes what interrupted runs left of removals. Nothing is lost: whoever needs one makes it anew. */
export async function sweepRemovals(connection: AuthentikConnection, context: Context): Promise<void> {
  await sweep(new Authentik(connection, context.signal), NAME);
}

/** What is wrong where an interrupted run has left a removal, which would take away what is wanted again; empty when none is there. */
export async function leftRemoval(authentik: Authentik): Promise<string> {
  const [left] = await authentik.blueprintsNamed(NAME);
  return left === undefined ? "" : `the blueprint "${left.name}" of a run that was cut off is left in Authentik`;
}

async function sweep(authentik: Authentik, name: string): Promise<void> {
  for (const left of await authentik.blueprintsNamed(name)) await authentik.deleteBlueprint(left.pk);
}
