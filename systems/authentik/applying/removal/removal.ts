import { blueprintHash } from "../../blueprint/hash.ts";
import { isNamed, renderRemoval } from "../../blueprint/objects.ts";
import type { BlueprintObject } from "../../blueprint/objects.ts";
import { inlineText } from "../../blueprint/delivery.ts";
import { messageOf } from "../../../../core/errors.ts";
import { HttpResponse } from "../../../../core/http/http.ts";
import { Authentik } from "../../client.ts";
import type { AuthentikConnection } from "../../client.ts";
import { withoutForeignAccounts } from "./accounts.ts";
import { withoutPeoplesGroups } from "./groups.ts";
import { runBlueprint } from "../run.ts";
import type { Context } from "../../../../provider/resource.ts";

const NAME = "zot-auth removal";

/**
 * Removes objects from Authentik by a short-lived blueprint, except for accounts that others created, and groups with people in them.
 *
 * @param what distinguishes this removal from concurrent ones
 * @param clientIds of our providers, besides those among the objects
 */
export async function removeObjects(
  connection: AuthentikConnection & { readonly timeout: number },
  what: string,
  objects: readonly BlueprintObject[],
  context: Context,
  clientIds: readonly string[] = [],
): Promise<void> {
  const authentik = new Authentik(connection, context.signal);
  const accounts = await withoutForeignAccounts(authentik, objects, context);
  const ours = await withoutPeoplesGroups(authentik, accounts, context);
  if (ours.length === 0) return;
  context.progress(`removing ${ours.filter(isNamed).join(", ")} from Authentik`);
  await applyOnce(connection, what, renderRemoval(ours, clientIds), context);
}

/**
 * Applies a blueprint and deletes it; what it created stays. Its name is the same each time: what an interrupted run left is found and deleted before it is
 * created again.
 */
export async function applyOnce(
  connection: AuthentikConnection & { readonly timeout: number },
  what: string,
  rendered: string,
  context: Context,
): Promise<void> {
  const authentik = new Authentik(connection, context.signal);
  const name = `${NAME}: ${what}`;
  await sweep(authentik, name);
  const text = inlineText(rendered);
  const once = await authentik.createBlueprint(name, text, true);
  if (once instanceof HttpResponse) throw authentik.refused("create a blueprint", once);
  try {
    await runBlueprint(authentik, once, { hash: blueprintHash(text), timeout: connection.timeout }, context);
  } catch (error) {
    // The run may have been cancelled, so the cleanup has its own timeout. The next run deletes what it cannot.
    await new Authentik(connection, AbortSignal.timeout(5000)).deleteBlueprint(once.pk).catch((failed: unknown) => {
      context.warn(`The blueprint "${name}" is left in Authentik; the next run removes it. ${messageOf(failed)}`);
    });
    throw error;
  }
  await authentik.deleteBlueprint(once.pk);
}

/** Deletes leftover removal blueprints of interrupted runs. Nothing is lost: a removal creates its blueprint anew. */
export async function sweepRemovals(connection: AuthentikConnection, context: Context): Promise<void> {
  await sweep(new Authentik(connection, context.signal), NAME);
}

/** The drift if an interrupted run left a removal, which would remove what is declared again; empty if there is none. */
export async function leftRemoval(authentik: Authentik): Promise<string> {
  const [left] = await authentik.blueprintsNamed(NAME);
  return left === undefined ? "" : `an interrupted run left the blueprint "${left.name}" in Authentik`;
}

async function sweep(authentik: Authentik, name: string): Promise<void> {
  for (const left of await authentik.blueprintsNamed(name)) await authentik.deleteBlueprint(left.pk);
}
