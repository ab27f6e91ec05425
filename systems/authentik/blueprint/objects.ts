import { appPasswordIdentifier } from "./render.ts";
import { blueprintText, find } from "./text.ts";
import type { Entry } from "./text.ts";
import type { Settings } from "../../../settings/schema.ts";
import { signInGroups } from "./signInGroups.ts";

/**
 * An object that the blueprint makes, as a text that a preview can show: the model and the name by which it is found again. A PolicyBinding has
 * no name: its application and its group stand for it.
 *
 * @example "authentik_core.user zot-ci", "authentik_policies.policybinding zot/admins"
 */
export type BlueprintObject = `${string} ${string}`;

/** The field by which an object of a model is found again. */
const NAMED_BY: Readonly<Record<string, string>> = {
  "authentik_core.token": "identifier",
  "authentik_core.application": "slug",
  "authentik_providers_oauth2.oauth2provider": "name",
  "authentik_flows.flow": "slug",
  "authentik_stages_user_login.userloginstage": "name",
  "authentik_stages_identification.identificationstage": "name",
  "authentik_stages_password.passwordstage": "name",
  "authentik_core.user": "username",
  "authentik_core.group": "name",
};
const BINDING = "authentik_policies.policybinding";
/** The order in which objects can go: what refers to others first. */
const ORDER = [BINDING, ...Object.keys(NAMED_BY)];

/** Everything that the blueprint of these settings makes. */
export function declaredObjects(settings: Settings): readonly BlueprintObject[] {
  const { ci, access, authentik } = settings;
  return [
    ...signInGroups(settings).map((group): BlueprintObject => bindingOf(authentik.application, group)),
    `authentik_core.token ${appPasswordIdentifier(ci.user)}`,
    `authentik_core.application ${authentik.application}`,
    `authentik_providers_oauth2.oauth2provider ${authentik.providerName}`,
    `authentik_flows.flow ${authentik.machineFlow}`,
    `authentik_stages_user_login.userloginstage ${authentik.machineFlow}-login`,
    `authentik_stages_identification.identificationstage ${authentik.machineFlow}-identification`,
    `authentik_stages_password.passwordstage ${authentik.machineFlow}-password`,
    `authentik_core.user ${ci.user}`,
    `authentik_core.group ${access.ciGroup}`,
  ];
}

/** What the blueprint looks for and does not make. It is never removed, whoever made it. */
export function neededObjects(settings: Settings): readonly BlueprintObject[] {
  const others = signInGroups(settings).filter((group) => group !== settings.access.ciGroup);
  return others.map((group): BlueprintObject => `authentik_core.group ${group}`);
}

/** The PolicyBinding of a group on an application. */
export function bindingOf(application: string, group: string): BlueprintObject {
  return `${BINDING} ${application}/${group}`;
}

/** Account and app password. They go by a row of their own, after the account's key has been revoked, for which it signs in. */
export function isAccount(object: BlueprintObject): boolean {
  return /^authentik_core\.(?:user|token) /.test(object);
}

/** Objects whose name or place only one can have: the new one cannot be made before the old one has gone. */
export function isInTheWay(object: BlueprintObject): boolean {
  return /^authentik_(?:core\.application|providers_oauth2\.oauth2provider) /.test(object);
}

/** A blueprint that takes objects away, in an order in which they can go. What is not there is passed over. */
export function renderRemoval(objects: readonly BlueprintObject[]): string {
  const sorted = objects.toSorted((left, right) => ORDER.indexOf(modelOf(left)) - ORDER.indexOf(modelOf(right)));
  return blueprintText("zot-auth-removal", "Written by zot-auth: takes back what its blueprint made.", [
    ...sorted.map(absence),
  ]);
}

function absence(object: BlueprintObject): Entry {
  const model = modelOf(object);
  const name = object.slice(model.length + 1);
  if (model !== BINDING) {
    const field = NAMED_BY[model];
    if (field === undefined) throw new TypeError(`no way is known to find ${object} again`);
    return { model, state: "absent", identifiers: { [field]: name } };
  }
  // Names have no slashes. Without the conditions a group that is gone would be "no group", and somebody else's binding of an account would go.
  const [slug = "", group = ""] = name.split("/");
  const target = () => find("authentik_core.application", "slug", slug);
  const bound = () => find("authentik_core.group", "name", group);
  return {
    model,
    state: "absent",
    conditions: [target(), bound()],
    identifiers: { target: target(), group: bound() },
  };
}

function modelOf(object: BlueprintObject): string {
  return object.slice(0, object.indexOf(" "));
}
