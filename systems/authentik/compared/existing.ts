import { parseDeclared } from "../blueprint/declared.ts";
import type { BlueprintObject } from "../blueprint/objects.ts";
import { at, string } from "../../../core/json.ts";
import type { Authentik } from "../client.ts";
import { ifAllowed } from "../rights/check.ts";
import { accessLost } from "./access.ts";
import type { Loss } from "./access.ts";
import { Names, changesOf } from "./changes.ts";
import { Comparison } from "./comparison.ts";
import type { Compared } from "./comparison.ts";
import { APPLICATION, BINDING, FLOW, GROUP, PROVIDER, TOKEN, USER, text } from "./models.ts";
import { newEntries } from "./newEntries.ts";
import { existsUnseen } from "./probes.ts";

/** An object of the blueprint that exists before this stack makes it, and what becomes of it. */
export interface ExistingObject {
  /** `OAuth2 provider "Zot" (client ID "zot")`. */
  readonly title: string;
  /** A part of the machines' sign-in flow: it goes without saying unless it changes. */
  readonly part: boolean;
  /** `undefined`: the token may not view it, and nothing shows whether it exists. */
  readonly exists: true | undefined;
  readonly changed: readonly string[];
  readonly unseen: readonly string[];
  readonly removed: readonly Loss[];
}

const NAMED_MODELS: readonly string[] = [APPLICATION, PROVIDER, USER, GROUP, FLOW, TOKEN];

/**
 * What exists in Authentik of what a blueprint makes for the first time. It only reads, side by side.
 *
 * @param declared all entries of the blueprint, in JSON
 * @param known the objects that the stack has made so far
 * @param clientSecret fingerprint of the client secret that zot gets; not compared if it is not known
 */
export async function existingObjects(
  authentik: Authentik,
  declared: string,
  known: readonly BlueprintObject[],
  clientSecret?: string,
): Promise<readonly ExistingObject[]> {
  const entries = parseDeclared(declared);
  const fresh = new Set(newEntries(entries, known));
  if (fresh.size === 0) return [];
  const comparison = new Comparison(authentik);
  const compared = await Promise.all(entries.map(async (entry) => comparison.compare(entry)));
  const provider = compared.find(({ entry }) => entry.model === PROVIDER)?.objects?.[0];
  const application = text(entries.find(({ model }) => model === APPLICATION)?.identifiers["slug"]);
  const beside = { provider, application, names: new Names(authentik), clientSecret };
  const adopted = await Promise.all(
    compared
      .filter(({ entry }) => fresh.has(entry))
      .map(async (one) => adoption(authentik, await byProvider(authentik, one, provider), beside)),
  );
  return adopted.flatMap((one) => one ?? []);
}

/** The blueprint finds its application by the slug, or else by the provider, and renames it. */
async function byProvider(authentik: Authentik, compared: Compared, provider: unknown): Promise<Compared> {
  const slug = string(at(provider, "assigned_application_slug"));
  if (compared.entry.model !== APPLICATION || compared.objects?.length !== 0 || slug === "") return compared;
  const seen = await ifAllowed(async () => ({ application: await authentik.application(slug) }));
  const objects = seen === undefined ? undefined : seen.application === undefined ? [] : [seen.application];
  return { ...compared, objects, title: `application "${slug}"` };
}

/** What the adoption of any object may need to know. */
interface Beside {
  /** The provider with the blueprint's client ID, if it exists. */
  readonly provider: unknown;
  /** Slug of the blueprint's application. */
  readonly application: string;
  readonly names: Names;
  readonly clientSecret: string | undefined;
}

async function adoption(
  authentik: Authentik,
  compared: Compared,
  { provider, application, names, clientSecret }: Beside,
): Promise<ExistingObject | undefined> {
  const { entry, title, objects } = compared;
  const part = entry.model === BINDING ? !("group" in entry.identifiers) : !NAMED_MODELS.includes(entry.model);
  if (objects === undefined) {
    const exists = await existsUnseen(authentik, entry, application);
    const line = `whatever the ${title.replaceAll('"', "")} gives that authentik.token may not view`;
    const removed = exists === true ? [{ line, isShown: false }] : [];
    return exists === false ? undefined : { title, part, exists, changed: [], unseen: ["everything"], removed };
  }
  const all = await Promise.all(objects.map(async (object) => changesOf(compared, object, names, clientSecret)));
  // One as declared suffices: another PolicyBinding of the same group, created by hand, stays as it is.
  const index = Math.max(
    0,
    all.findIndex(({ changed, unseen }) => changed.length === 0 && unseen.length === 0),
  );
  const [changes, object] = [all[index], objects[index]];
  if (changes === undefined) return undefined;
  const elsewhere = entry.model === APPLICATION ? assignedElsewhere(object, provider) : [];
  return {
    title:
      entry.model === PROVIDER
        ? `OAuth2 provider "${string(at(object, "name"))}" (client ID "${string(at(object, "client_id"))}")`
        : title,
    part,
    exists: true,
    changed: [...changes.changed, ...elsewhere],
    unseen: changes.unseen,
    removed: entry.model === BINDING ? [] : await accessLost(authentik, compared, object, names),
  };
}

/** A provider has one application at most. */
function assignedElsewhere(application: unknown, provider: unknown): readonly string[] {
  const slug = string(at(provider, "assigned_application_slug"));
  if (slug === "" || slug === at(application, "slug")) return [];
  return [
    `\`up\` fails: the provider belongs to the application "${slug}", and Authentik allows it only one. Delete one of the two applications, or change authentik.application`,
  ];
}
