import { ZotAuthError } from "../../../../core/errors.ts";
import type { Context } from "../../../../provider/resource.ts";
import { inlineName } from "../../blueprint/delivery.ts";
import { Authentik } from "../../client.ts";
import type { AuthentikConnection } from "../../client.ts";
import { ifAllowed } from "../../rights/check.ts";

/** The type of the row that says where the settings have the blueprint. */
const APPLIED_BLUEPRINT = "zot-auth:authentik:AppliedBlueprint";

/**
 * Deletes the instance of a blueprint's file that is gone. While the worker still sees the file, as before a push arrives, Authentik would create the instance again, and with it
 * the objects: then its own discovery deletes the instance later, as it does without the permission to delete it.
 *
 * @returns whether nothing is left to delete
 */
export async function forgetInstance(
  connection: AuthentikConnection,
  place: string,
  context: Context,
): Promise<boolean> {
  if (inlineName(place) !== undefined) return true;
  // Another file, for the same place.
  if (context.declared(APPLIED_BLUEPRINT).some(({ path }) => path === place)) return false;
  const authentik = new Authentik(connection, context.signal);
  const left = await authentik.blueprint(place);
  if (await seesFile(authentik, place)) return false;
  if (left === undefined) return true;
  const deleted = await ifAllowed(async () => authentik.deleteBlueprint(left.pk).then(() => true));
  return deleted === true;
}

/** Without an answer of the worker, it may see it. */
async function seesFile(authentik: Authentik, path: string): Promise<boolean> {
  try {
    return (await authentik.available()).has(path);
  } catch (error) {
    if (error instanceof ZotAuthError && error.code === "SERVER_UNREACHABLE") return true;
    throw error;
  }
}
