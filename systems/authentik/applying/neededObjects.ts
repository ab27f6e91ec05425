import { ZotAuthError } from "../../../core/errors.ts";
import { listIn } from "../../../core/http/api.ts";
import { at } from "../../../core/json.ts";
import type { Context } from "../../../provider/resource.ts";
import type { NeededObject } from "../blueprint/needs.ts";
import { Authentik } from "../client.ts";
import type { AuthentikConnection } from "../client.ts";

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

interface Listed {
  /** Where the API lists them. */
  readonly path: string;
  readonly called: string;
  /** The setting that names one, as shown after the name. */
  readonly setting: string;
}

/** What a blueprint needs of an Authentik, each as a message names it. */
export interface LookedUp {
  /** What does not exist. */
  readonly absent: readonly string[];
  /** What the token may not look up. */
  readonly unseen: readonly string[];
}

/** Looks up what a blueprint refers to. */
export async function lookUp(authentik: Authentik, needs: readonly NeededObject[]): Promise<LookedUp> {
  const found = await Promise.all(
    needs.toSorted(byModel).map(async ({ model, field, value }) => {
      const listed = LISTS[model];
      if (listed === undefined) return undefined;
      const there = await isListed(authentik, listed.path, field, value);
      return { there, named: `the ${listed.called} with ${field} "${value}"${listed.setting}` };
    }),
  );
  const named = (there: boolean | undefined): string[] =>
    found.flatMap((one) => (one !== undefined && one.there === there ? [one.named] : []));
  return { absent: named(false), unseen: named(undefined) };
}

/** What the blueprint of a stack needs. */
export interface BlueprintNeeds {
  readonly needs: readonly NeededObject[];
  /** Names of blueprints that Authentik applies before it: they may create what is missing. */
  readonly appliedAfter: readonly string[];
}

/**
 * Checks before anything changes that Authentik has what the blueprint refers to: otherwise a blueprint that it rejects would be on its way already.
 * What the token may not look up is left to Authentik.
 *
 * @throws ZotAuthError `BLUEPRINT_NEEDS_MISSING`; only a warning where another blueprint comes first, which may create it
 */
export async function checkBlueprintNeeds(
  connection: AuthentikConnection,
  { needs, appliedAfter }: BlueprintNeeds,
  context: Context,
): Promise<void> {
  const { absent } = await lookUp(new Authentik(connection, context.signal), needs);
  if (absent.length === 0) return;
  const what = `The blueprint refers to objects that do not exist in Authentik: ${absent.join("; ")}.`;
  if (appliedAfter.length > 0) {
    context.warn(`${what} \`up\` fails unless ${appliedAfter.join(" or ")} (authentik.appliedAfter) creates them.`);
    return;
  }
  throw new ZotAuthError(
    "BLUEPRINT_NEEDS_MISSING",
    `${what} Create them in Authentik, or correct the setting; if another blueprint of yours is about to create them, name it in authentik.appliedAfter.`,
  );
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
  // Authentik takes only values of `managed` that some object has, and answers any other with 400.
  if (answer.status === 400 && field === "managed") return false;
  if (answer.status !== 200) throw authentik.refused("find an object", answer);
  return listIn(authentik.endpoint, answer, "results").some((found) => at(found, field) === value);
}
