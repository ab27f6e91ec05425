import { needsOf } from "../blueprint/needs.ts";
import { ZotAuthError } from "../../../core/errors.ts";
import type { Authentik } from "../client.ts";
import type { BlueprintInstance } from "./blueprintInstance.ts";
import { lookUp } from "./neededObjects.ts";
import { rejected, titleOf } from "./run.ts";
import { tryOut } from "./trial.ts";
import type { Context } from "../../../provider/resource.ts";

const GIVE_VARIABLE = {
  worker: "Give it to the worker, and restart the worker.",
  server:
    "With authentik.delivery api both the server and the worker need it, as with one env_file for both in Docker Compose. Give it to both, and restart them.",
};

export interface RejectedBlueprint {
  readonly text: string;
  /** Names of blueprints that Authentik applies before this one. */
  readonly appliedAfter: readonly string[];
  /** The variable with the client secret. */
  readonly variable: string;
  /** Who rejects it: the worker, which applies it, or the server, which validates a text from the API. */
  readonly by: "worker" | "server";
}

/**
 * Why Authentik cannot apply a blueprint. Its status is just "error". So this looks up what the blueprint refers to, and then has
 * the server validate the text, which names an invalid field.
 *
 * @returns `BLUEPRINT_NEEDS_MISSING`, `BLUEPRINT_VARIABLE_MISSING`, or `BLUEPRINT_REJECTED` with what Authentik says
 */
export async function whyRejected(
  authentik: Authentik,
  instance: Pick<BlueprintInstance, "path" | "name">,
  { text, appliedAfter, variable, by }: RejectedBlueprint,
  context: Context,
): Promise<ZotAuthError> {
  context.progress("checking why Authentik rejects the blueprint");
  const missing: string[] = [];
  for (const name of appliedAfter) {
    const [other] = (await authentik.blueprintsNamed(name)).filter((found) => found.name === name);
    if (other === undefined) missing.push(`the blueprint "${name}" (authentik.appliedAfter)`);
    else if (other.status === "error")
      missing.push(`a successful run of the blueprint "${name}" (authentik.appliedAfter)`);
  }
  const { absent, unseen } = await lookUp(authentik, needsOf(text));
  missing.push(...absent);
  if (missing.length > 0) {
    return new ZotAuthError(
      "BLUEPRINT_NEEDS_MISSING",
      `Authentik cannot apply the blueprint ${titleOf(instance)}, which refers to objects that do not exist: ${missing.join("; ")}. Existing objects are unchanged. ` +
        "Create it in Authentik, or correct the setting, and run again.",
    );
  }
  const tried = await tryOut(authentik, text);
  if (tried === undefined) {
    return new ZotAuthError(
      "BLUEPRINT_VARIABLE_MISSING",
      `Authentik cannot apply the blueprint ${titleOf(instance)}, but accepts the same text with a literal in place of the client secret. So its ${by} lacks the environment variable ` +
        `${variable} (authentik.clientSecretVariable). ${GIVE_VARIABLE[by]} Then run again.`,
    );
  }
  const mayMiss =
    unseen.length === 0
      ? ""
      : ` The token has insufficient permissions to check for ${unseen.join(", ")}: check it yourself.`;
  return rejected(instance, `${tried}${mayMiss} See also the log of Authentik's ${by}.`);
}
