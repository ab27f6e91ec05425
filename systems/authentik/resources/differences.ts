import { parseDeclared } from "../blueprint/declared.ts";
import type { DeclaredEntry, DeclaredValue } from "../blueprint/declared.ts";
import { listIn } from "../../../core/http/api.ts";
import { at, isObject, list } from "../../../core/json.ts";
import type { Authentik } from "../client.ts";
import { ifAllowed } from "../rights/check.ts";

/** How an object is called, and where the API lists it if the client has no method for it. */
interface Model {
  readonly called: string;
  readonly path?: string;
}

const GROUP = "authentik_core.group";
const BINDING = "authentik_policies.policybinding";
const MODELS: Readonly<Record<string, Model>> = {
  "authentik_core.user": { called: "account" },
  "authentik_core.token": { called: "app password" },
  "authentik_core.application": { called: "application" },
  "authentik_providers_oauth2.oauth2provider": { called: "OAuth2 provider", path: "/providers/oauth2/" },
  "authentik_providers_oauth2.scopemapping": { called: "scope mapping", path: "/propertymappings/provider/scope/" },
  "authentik_crypto.certificatekeypair": { called: "certificate", path: "/crypto/certificatekeypairs/" },
  [BINDING]: { called: "PolicyBinding", path: "/policies/bindings/" },
  "authentik_flows.flow": { called: "flow", path: "/flows/instances/" },
  "authentik_flows.flowstagebinding": { called: "stage binding", path: "/flows/bindings/" },
  "authentik_stages_password.passwordstage": { called: "password stage", path: "/stages/password/" },
  "authentik_stages_identification.identificationstage": {
    called: "identification stage",
    path: "/stages/identification/",
  },
  "authentik_stages_user_login.userloginstage": { called: "user login stage", path: "/stages/user_login/" },
};

/** What cannot be compared: a secret, or something that the token may not read. */
const UNKNOWN = Symbol("unknown");
type Known = DeclaredValue | undefined | typeof UNKNOWN;
type Fields = Readonly<Record<string, Known>>;

/**
 * Compares every attribute that the blueprint sets with what Authentik has.
 *
 * @param declared entries of the blueprint in JSON
 * @returns the first difference, which names the attribute; empty if there is none. What the token may not read is not compared.
 */
export async function differenceIn(authentik: Authentik, declared: string): Promise<string> {
  const comparison = new Comparison(authentik);
  for (const entry of parseDeclared(declared)) {
    const difference = await comparison.differenceOf(entry);
    if (difference !== "") return difference;
  }
  return "";
}

class Comparison {
  readonly #authentik: Authentik;
  /** By the id that later entries refer to. */
  readonly #entries = new Map<string, DeclaredEntry>();
  readonly #objects = new Map<string, unknown>();

  constructor(authentik: Authentik) {
    this.#authentik = authentik;
  }

  async differenceOf(entry: DeclaredEntry): Promise<string> {
    if (entry.id !== undefined) this.#entries.set(entry.id, entry);
    // It has nothing but its name, by which others refer to it.
    if (entry.model === GROUP) return "";
    const identifiers = await this.#resolveAll(entry.identifiers, entry.model);
    if (Object.values(identifiers).includes(UNKNOWN)) return "";
    const seen = await ifAllowed(async () => find(this.#authentik, entry.model, identifiers));
    if (seen === undefined) return "";
    const title = titleOf(entry, identifiers);
    const [first] = seen;
    if (first === undefined) return `there is no ${title}`;
    if (entry.id !== undefined) this.#objects.set(entry.id, first);
    const wanted = await this.#resolveAll(entry.attrs, entry.model);
    const differences = seen.map((object) => differenceBetween(object, wanted, entry.attrs));
    // One as declared suffices: another PolicyBinding of the same group, created by hand, is none of ours.
    const [difference = ""] = differences.includes("") ? [] : differences;
    return difference === "" ? "" : `the ${title} has ${difference}`;
  }

  async #resolveAll(values: DeclaredEntry["attrs"], model: string): Promise<Fields> {
    const resolved: Record<string, Known> = {};
    for (const [field, value] of Object.entries(values)) {
      // What policies are bound to has a key of its own.
      const key = model === BINDING && field === "target" ? "policybindingmodel_ptr_id" : "pk";
      resolved[field] = await this.#resolve(value, key);
    }
    return resolved;
  }

  async #resolve(value: DeclaredValue, key = "pk"): Promise<Known> {
    if (Array.isArray(value)) {
      const items: DeclaredValue[] = [];
      for (const item of value as readonly DeclaredValue[]) {
        const resolved = await this.#resolve(item);
        if (resolved === UNKNOWN || resolved === undefined) return UNKNOWN;
        items.push(resolved);
      }
      return items;
    }
    if (!isObject(value)) return value;
    if ("!Env" in value) return UNKNOWN;
    if ("!KeyOf" in value) return this.#keyOf(text(value["!KeyOf"]), key);
    return "!Find" in value ? this.#find(value["!Find"]) : value;
  }

  /** A group is compared by its name, which Authentik shows beside its key: reading groups needs a permission of its own. */
  #keyOf(id: string, key: string): Known {
    const entry = this.#entries.get(id);
    if (entry?.model === GROUP) return entry.identifiers["name"];
    const object = this.#objects.get(id);
    return object === undefined ? UNKNOWN : ((at(object, key) ?? at(object, "pk")) as DeclaredValue);
  }

  async #find(content: unknown): Promise<Known> {
    const [model, field, value] = [at(content, 0), at(content, 1, 0), at(content, 1, 1)].map(String);
    if (model === undefined || field === undefined || value === undefined) return UNKNOWN;
    if (model === GROUP) return value;
    const seen = await ifAllowed(async () => find(this.#authentik, model, { [field]: value }));
    // For what does not exist, `!Find` gives `null`.
    return seen === undefined ? UNKNOWN : ((at(seen, 0, "pk") ?? null) as DeclaredValue);
  }
}

/** The objects that these fields identify. */
async function find(authentik: Authentik, model: string, by: Fields): Promise<readonly unknown[]> {
  switch (model) {
    case "authentik_core.user":
      return found(await authentik.user(text(by["username"])));
    case "authentik_core.token":
      return found(await authentik.token(text(by["identifier"])));
    case "authentik_core.application":
      return found(await authentik.application(text(by["slug"])));
  }
  const { called, path } = MODELS[model] ?? {};
  if (called === undefined || path === undefined) throw new TypeError(`nothing lists objects of ${model}`);
  const query = new URLSearchParams({ page_size: "100" });
  // Lists filter by a group's key, which is not known.
  for (const [field, value] of Object.entries(by)) if (field !== "group") query.set(field, text(value));
  const answer = await authentik.ask(`${path}?${query.toString()}`);
  // Authentik takes only values of `managed` that some object has, and answers any other with 400.
  if (answer.status === 400 && by["managed"] !== undefined) return [];
  if (answer.status !== 200) throw authentik.refused(`find a ${called}`, answer, model.replace(".", ".view_"));
  return listIn(authentik.endpoint, answer, "results").filter((candidate) =>
    Object.entries(by).every(([field, value]) => valueOf(candidate, field) === value),
  );
}

function found(object: unknown): readonly unknown[] {
  return object === undefined ? [] : [object];
}

/** The first attribute that differs, as the end of a sentence; empty if none does. */
function differenceBetween(object: unknown, wanted: Fields, written: DeclaredEntry["attrs"]): string {
  for (const [field, value] of Object.entries(wanted)) {
    const actual = valueOf(object, field);
    // An older Authentik does not have every attribute.
    if (value === UNKNOWN || actual === undefined || isSame(actual, value)) continue;
    const names = refersTo(written[field]);
    return names === undefined
      ? `${field} ${JSON.stringify(actual)}, not ${JSON.stringify(value)}`
      : `another ${field} than ${names}`;
  }
  return "";
}

function valueOf(object: unknown, field: string): unknown {
  if (field === "group") return at(object, "group_obj", "name");
  if (field === "groups") return list(at(object, "groups_obj")).map((group) => at(group, "name"));
  return at(object, field);
}

/** The order of a list means nothing; of an object, only what the blueprint sets is compared. */
function isSame(actual: unknown, wanted: unknown): boolean {
  if (Array.isArray(wanted)) {
    const items = list(actual);
    return items.length === wanted.length && wanted.every((one) => items.some((item) => isSame(item, one)));
  }
  if (isObject(wanted)) return Object.entries(wanted).every(([key, value]) => isSame(at(actual, key), value));
  return actual === wanted;
}

function titleOf({ model, identifiers: written }: DeclaredEntry, identifiers: Fields): string {
  const { called } = MODELS[model] ?? { called: model };
  if ("group" in identifiers) return `${called} of the group "${text(identifiers["group"])}"`;
  const name = Object.values(written).find((value) => typeof value === "string");
  return name === undefined
    ? `${called} at order ${text(identifiers["order"])} of the machines' sign-in flow`
    : `${called} "${name}"`;
}

/** The objects to which an attribute refers, for a message; `undefined` if the value itself is telling: a literal, or groups, by name. */
function refersTo(value: DeclaredValue | undefined): string | undefined {
  const [first, ...others] = Array.isArray(value) ? (value as readonly DeclaredValue[]) : [value];
  if (!isObject(first)) return undefined;
  if ("!KeyOf" in first) return first["!KeyOf"] === "ci-group" ? undefined : "the blueprint's own";
  if (!("!Find" in first) || at(first, "!Find", 0) === GROUP) return undefined;
  return [first, ...others].map((one) => `"${String(at(one, "!Find", 1, 1))}"`).join(", ");
}

function text(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}
