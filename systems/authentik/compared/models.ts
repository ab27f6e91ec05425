import type { DeclaredEntry, DeclaredValue } from "../blueprint/declared.ts";
import { listIn } from "../../../core/http/api.ts";
import { at, isObject, list } from "../../../core/json.ts";
import type { Authentik } from "../client.ts";

/** How an object is called, and where the API lists it if the client has no method for it. */
interface Model {
  readonly called: string;
  readonly path?: string;
}

export const APPLICATION = "authentik_core.application";
export const BINDING = "authentik_policies.policybinding";
export const FLOW = "authentik_flows.flow";
export const GROUP = "authentik_core.group";
export const PROVIDER = "authentik_providers_oauth2.oauth2provider";
export const TOKEN = "authentik_core.token";
export const USER = "authentik_core.user";

const MODELS: Readonly<Record<string, Model>> = {
  [GROUP]: { called: "group" },
  [USER]: { called: "account" },
  [TOKEN]: { called: "app password" },
  [APPLICATION]: { called: "application" },
  [PROVIDER]: { called: "OAuth2 provider", path: "/providers/oauth2/" },
  "authentik_providers_oauth2.scopemapping": { called: "scope mapping", path: "/propertymappings/provider/scope/" },
  "authentik_crypto.certificatekeypair": { called: "certificate", path: "/crypto/certificatekeypairs/" },
  [BINDING]: { called: "PolicyBinding", path: "/policies/bindings/" },
  [FLOW]: { called: "flow", path: "/flows/instances/" },
  "authentik_flows.flowstagebinding": { called: "stage binding", path: "/flows/bindings/" },
  "authentik_stages_password.passwordstage": { called: "password stage", path: "/stages/password/" },
  "authentik_stages_identification.identificationstage": {
    called: "identification stage",
    path: "/stages/identification/",
  },
  "authentik_stages_user_login.userloginstage": { called: "user login stage", path: "/stages/user_login/" },
};

/** The objects that these fields identify. */
export async function find(
  authentik: Authentik,
  model: string,
  by: Readonly<Record<string, unknown>>,
): Promise<readonly unknown[]> {
  switch (model) {
    case GROUP:
      return found(await authentik.group(text(by["name"])));
    case USER:
      return found(await authentik.user(text(by["username"])));
    case TOKEN:
      return found(await authentik.token(text(by["identifier"])));
    case APPLICATION:
      return found(await authentik.application(text(by["slug"])));
  }
  const candidates = await listed(authentik, model, by);
  return candidates.filter((candidate) =>
    Object.entries(by).every(([field, value]) => valueOf(candidate, field) === value),
  );
}

/** A list that has all objects with these values, and maybe others. */
export async function listed(
  authentik: Authentik,
  model: string,
  by: Readonly<Record<string, unknown>>,
): Promise<readonly unknown[]> {
  const { called, path } = MODELS[model] ?? {};
  if (called === undefined || path === undefined) throw new TypeError(`nothing lists objects of ${model}`);
  // Lists filter by a group's key, which is not known.
  const filters = Object.entries(by).filter(([field]) => field !== "group");
  const query = new URLSearchParams(filters.map(([field, value]): [string, string] => [field, text(value)])).toString();
  const asked = query === "" ? path : `${path}?${query}`;
  const what = `find a ${called}`;
  const right = model.replace(".", ".view_");
  if (by["managed"] === undefined) return authentik.results(asked, what, right);
  const answer = await authentik.ask(asked);
  // Authentik takes only values of `managed` that some object has, and answers any other with 400.
  if (answer.status === 400) return [];
  if (answer.status !== 200) throw authentik.refused(what, answer, right);
  return listIn(authentik.endpoint, answer, "results");
}

function found(object: unknown): readonly unknown[] {
  return object === undefined ? [] : [object];
}

export function valueOf(object: unknown, field: string): unknown {
  if (field === "group") return at(object, "group_obj", "name");
  if (field === "groups") return list(at(object, "groups_obj")).map((group) => at(group, "name"));
  return at(object, field);
}

/** The order of a list means nothing; of an object, only what the blueprint sets is compared. */
export function isSame(actual: unknown, wanted: unknown): boolean {
  if (Array.isArray(wanted)) {
    const items = list(actual);
    return items.length === wanted.length && wanted.every((one) => items.some((item) => isSame(item, one)));
  }
  if (isObject(wanted)) return Object.entries(wanted).every(([key, value]) => isSame(at(actual, key), value));
  return actual === wanted;
}

/** What a message calls the object of an entry, given the values of its identifiers. */
export function titleOf(
  { model, identifiers: written }: DeclaredEntry,
  identifiers: Readonly<Record<string, unknown>>,
): string {
  const { called } = MODELS[model] ?? { called: model };
  if ("user" in identifiers) return `${called} of an account on the machines' sign-in flow`;
  if ("group" in identifiers) return `${called} of the group "${text(identifiers["group"])}"`;
  const name = Object.values(written).find((value) => typeof value === "string");
  return name === undefined
    ? `${called} at order ${text(identifiers["order"])} of the machines' sign-in flow`
    : `${called} "${name}"`;
}

/** The reference of a value: `["!Find", [model, [field, value]]]`, `["!KeyOf", id]`; `undefined` if it is a literal. */
export function referenceIn(value: DeclaredValue | undefined): readonly [tag: string, content: unknown] | undefined {
  if (!isObject(value) || Array.isArray(value)) return undefined;
  const [entry] = Object.entries(value);
  return entry?.[0].startsWith("!") === true ? entry : undefined;
}

export function text(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}
