import type { DeclaredValue } from "../blueprint/declared.ts";
import { accountName } from "../blueprint/render.ts";
import { at, isObject, list, string } from "../../../core/json.ts";
import { fingerprint } from "../../../core/secrets/fingerprint.ts";
import type { Authentik } from "../client.ts";
import { ifAllowed } from "../rights/check.ts";
import { NOTHING, UNKNOWN } from "./comparison.ts";
import type { Compared } from "./comparison.ts";
import { GROUP, isSame, listed, referenceIn, text, valueOf } from "./models.ts";

/** What the blueprint does to an object that exists. */
export interface Changes {
  /** Each attribute that changes: `launch URL "https://a.example" → "https://b.example"`. */
  readonly changed: readonly string[];
  /** Attributes that the token cannot compare. */
  readonly unseen: readonly string[];
}

/** Attributes that Authentik's interface calls otherwise. */
const LABELS: Readonly<Record<string, string>> = {
  meta_launch_url: "launch URL",
  redirect_uris: "redirect URIs",
  property_mappings: "scope mappings",
};

/** Names of objects by their keys, as lists show them. */
export class Names {
  readonly #authentik: Authentik;
  readonly #lists = new Map<string, Promise<readonly unknown[] | undefined>>();

  constructor(authentik: Authentik) {
    this.#authentik = authentik;
  }

  async of(model: string, pk: unknown): Promise<string> {
    const known = this.#lists.get(model) ?? ifAllowed(async () => listed(this.#authentik, model, {}));
    this.#lists.set(model, known);
    const found = (await known)?.find((object) => at(object, "pk") === pk);
    return String(at(found, "slug") ?? at(found, "name") ?? pk);
  }
}

/**
 * @param object one of those that the entry has been compared with
 * @param clientSecret fingerprint of the secret that zot gets, if it is known
 */
export async function changesOf(
  { entry, wanted }: Compared,
  object: unknown,
  names: Names,
  clientSecret: string | undefined,
): Promise<Changes> {
  const unseen: string[] = [];
  const changed: string[] = [];
  for (const [field, value] of Object.entries(await wanted())) {
    const label = LABELS[field] ?? field.replaceAll("_", " ");
    const actual = valueOf(object, field);
    const written = entry.attrs[field];
    const [tag, content] = referenceIn(written) ?? [];
    if (tag === "!Env") changed.push(...secretChange(label, actual, text(content), clientSecret));
    // An older Authentik does not have every attribute.
    else if (actual === undefined || isSame(actual, value)) continue;
    else if (value === UNKNOWN) unseen.push(label);
    else if (Array.isArray(value)) changed.push(await listChange(label, list(actual), value, written, names));
    else {
      const model = modelOf(written);
      const shown = async (one: unknown): Promise<string> =>
        one === NOTHING
          ? "the blueprint's own"
          : model === undefined || one === null
            ? JSON.stringify(one)
            : JSON.stringify(await names.of(model, one));
      changed.push(
        tag === "!KeyOf"
          ? `another ${label} than the blueprint's`
          : `${label} ${await shown(actual)} → ${await shown(value)}`,
      );
    }
  }
  return { changed: entry.model === GROUP ? membersOf(object) : changed, unseen };
}

/**
 * The worker's variable cannot be read, but must hold the secret that zot gets.
 *
 * @param actual the secret as Authentik shows it to a token that may view the provider
 */
function secretChange(
  label: string,
  actual: unknown,
  variable: string,
  clientSecret: string | undefined,
): readonly string[] {
  const change = `${label} → the one in the worker's variable ${variable}`;
  if (typeof actual !== "string" || clientSecret === undefined) return [`${change} (not compared)`];
  if (fingerprint(actual) === clientSecret) return [];
  return [
    `${change}, since it is not that of authentik.clientSecret: until zot has the new one, nobody can sign in, and whatever else uses this client needs it, too`,
  ];
}

async function listChange(
  label: string,
  actual: readonly unknown[],
  wanted: readonly DeclaredValue[],
  written: DeclaredValue | undefined,
  names: Names,
): Promise<string> {
  const model = modelOf(at(written, 0) as DeclaredValue | undefined);
  const shown = async (items: readonly unknown[]): Promise<string> => {
    const all = await Promise.all(
      items.map(async (item) =>
        model === undefined ? titleOfItem(item) : JSON.stringify(await names.of(model, item)),
      ),
    );
    return all.join(", ");
  };
  const removed = actual.filter((item) => !wanted.some((one) => isSame(item, one)));
  const added = wanted.filter((one) => !actual.some((item) => isSame(item, one)));
  const parts = [
    ...(removed.length === 0 ? [] : [`removes ${await shown(removed)}`]),
    ...(added.length === 0 ? [] : [`adds ${await shown(added)}`]),
  ];
  return `${label}: ${parts.join(" and ")}`;
}

/** A redirect URI, or a plain value. */
export function titleOfItem(item: unknown): string {
  if (!isObject(item)) return JSON.stringify(item);
  const mode = string(at(item, "matching_mode"));
  return `${string(at(item, "url"))}${mode === "strict" ? "" : ` (${mode})`}`;
}

/** The model of what a value refers to; `undefined` for a literal, and for a group, which is compared by its name. */
function modelOf(value: DeclaredValue | undefined): string | undefined {
  const [tag, content] = referenceIn(value) ?? [];
  const model = tag === "!Find" ? String(at(content, 0)) : undefined;
  return model === GROUP ? undefined : model;
}

/** How many members a message names. */
const NAMED = 5;

/** A group stays as it is, but everybody in it may push from now on. */
function membersOf(group: unknown): readonly string[] {
  const people = list(at(group, "users_obj"))
    .filter((user) => string(at(user, "name")) !== accountName(string(at(user, "username"))))
    .map((user) => string(at(user, "username")));
  if (people.length === 0) return [];
  const more = people.length > NAMED ? ` and ${people.length - NAMED} more` : "";
  return [`its members get CI's access to the registry: ${people.slice(0, NAMED).join(", ")}${more}`];
}
