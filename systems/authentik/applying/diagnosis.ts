import { needsOf } from "../blueprint/needs.ts";
import type { NeededObject } from "../blueprint/needs.ts";
import { ZotAuthError } from "../../../core/errors.ts";
import type { Authentik, BlueprintInstance } from "../client.ts";
import { listIn } from "../../../core/http/api.ts";
import { at } from "../../../core/json.ts";
import { rejected, titleOf } from "./run.ts";
import { tryOut } from "./trial.ts";
import type { Context } from "../../../provider/resource.ts";

/**
 * Objects without which a run fails. Not certificates: without one, Authentik creates a provider that signs with the client secret,
 * which the resource Application detects.
 */
const LISTS: Readonly<Record<string, Listed>> = {
  "authentik_core.group": {
    path: "/core/groups/",
    called: "group",
    setting: " (setting: access.adminGroup, access.groups or access.signInGroups)",
  },
  "authentik_flows.flow": {
    path: "/flows/instances/",
    called: "flow",
    setting: " (setting: authentik.authorizationFlow or authentik.invalidationFlow)",
  },
  "authentik_providers_oauth2.scopemapping": {
    path: "/propertymappings/provider/scope/",
    called: "scope mapping",
    setting: ", which one of Authentik's own blueprints creates",
  },
};

const GIVE_VARIABLE = {
  worker: "Give it to the worker, and restart the worker.",
  server:
    "With authentik.delivery api both the server and the worker need it, as with one env_file for both in Docker Compose. Give it to both, and restart them.",
};

interface Listed {
  /** Where the API lists them. */
  readonly path: string;
  readonly called: string;
  /** The setting that names one, as shown after the name. */
  readonly setting: string;
}

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
  const unseen: string[] = [];
  for (const name of appliedAfter) {
    const [other] = (await authentik.blueprintsNamed(name)).filter((found) => found.name === name);
    if (other === undefined) missing.push(`the blueprint "${name}" (authentik.appliedAfter)`);
    else if (other.status === "error")
      missing.push(`a successful run of the blueprint "${name}" (authentik.appliedAfter)`);
  }
  for (const need of needsOf(text).toSorted(byModel)) {
    const listed = LISTS[need.model];
    if (listed === undefined) continue;
    const there = await isListed(authentik, listed.path, need.field, need.value);
    if (there === true) continue;
    const named = `the ${listed.called} with ${need.field} "${need.value}"${listed.setting}`;
    (there === false ? missing : unseen).push(named);
  }
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

/** Groups first: they are missing most often. */
function byModel(left: NeededObject, right: NeededObject): number {
  const models = Object.keys(LISTS);
  return models.indexOf(left.model) - models.indexOf(right.model);
}

/** Whether an API list has an object with that value; `undefined` if the token may not read it. */
async function isListed(
  authentik: Authentik,
  path: string,
  field: string,
  value: string,
): Promise<boolean | undefined> {
  const answer = await authentik.ask(`${path}?${field}=${encodeURIComponent(value)}`);
  if (answer.status === 403) return undefined;
  if (answer.status !== 200) throw authentik.refused("find an object", answer);
  return listIn(authentik.endpoint, answer, "results").some((found) => at(found, field) === value);
}
