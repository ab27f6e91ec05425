import { PROVIDER_OF_APPLICATION, appPasswordIdentifier } from "./render.ts";
import type { BlueprintArgs } from "./args.ts";
import { blueprintText, find } from "./text.ts";
import type { BlueprintEntry } from "./text.ts";

/**
 * An object that the blueprint creates, in a form that a preview can show: its model and the name that identifies it. A PolicyBinding has no name;
 * its application and its group identify it.
 *
 * `client_id=zot` is the provider with that client ID, or its application, also if somebody renamed it.
 *
 * @example "authentik_core.user zot-ci", "authentik_policies.policybinding zot/admins"
 */
export type BlueprintObject = `${string} ${string}`;

/** The field that identifies an object of a model. */
const IDENTIFIED_BY: Readonly<Record<string, string>> = {
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
const APPLICATION = "authentik_core.application";
const PROVIDER = "authentik_providers_oauth2.oauth2provider";
const BY_CLIENT_ID = "client_id=";
const BINDING = "authentik_policies.policybinding";
/** The order in which objects can be removed: what refers to others first. */
const REMOVAL_ORDER = [BINDING, ...Object.keys(IDENTIFIED_BY)];

/** Every object that the blueprint creates. */
export function declaredObjects(args: BlueprintArgs): readonly BlueprintObject[] {
  const { application, providerName, clientId, machineFlow, signInGroups } = args;
  const accounts = Object.values(args.accounts);
  return [
    ...signInGroups.map((group): BlueprintObject => bindingOf(application, group)),
    ...accounts.map(({ user }): BlueprintObject => `authentik_core.token ${appPasswordIdentifier(user)}`),
    `${APPLICATION} ${application}`,
    `${PROVIDER} ${providerName}`,
    ...objectsOf(clientId),
    `authentik_flows.flow ${machineFlow}`,
    `authentik_stages_user_login.userloginstage ${machineFlow}-login`,
    `authentik_stages_identification.identificationstage ${machineFlow}-identification`,
    `authentik_stages_password.passwordstage ${machineFlow}-password`,
    ...accounts.map(({ user }): BlueprintObject => `authentik_core.user ${user}`),
    ...accounts.map(({ group }): BlueprintObject => `authentik_core.group ${group}`),
  ];
}

/** The application and the provider of a client ID, if they have other names by now. */
export function objectsOf(clientId: string): readonly BlueprintObject[] {
  return [`${APPLICATION} ${BY_CLIENT_ID}${clientId}`, `${PROVIDER} ${BY_CLIENT_ID}${clientId}`];
}

/** The client IDs among them. */
export function clientIdsOf(objects: readonly BlueprintObject[]): readonly string[] {
  const beginning = `${PROVIDER} ${BY_CLIENT_ID}`;
  return objects.filter((object) => object.startsWith(beginning)).map((object) => object.slice(beginning.length));
}

/**
 * Whether the blueprint finds the existing provider, by its client ID or by its name. It then renames the provider and its application, so whatever has an
 * old name or an old client ID afterwards is somebody else's.
 */
export function isSameProvider(before: readonly BlueprintObject[], after: readonly BlueprintObject[]): boolean {
  return before.some((object) => modelOf(object) === PROVIDER && after.includes(object));
}

/** Whether it is a provider, or an application, which is found by its provider, too. */
export function isFoundByProvider(object: BlueprintObject): boolean {
  return [PROVIDER, APPLICATION].includes(modelOf(object));
}

/** Whether it says its name, for a message: the others mean the same objects, if they have another. */
export function isNamed(object: BlueprintObject): boolean {
  return !object.startsWith(`${modelOf(object)} ${BY_CLIENT_ID}`);
}

/** The objects that the blueprint looks up but does not create. They are never removed. */
export function neededObjects({ signInGroups, accounts }: BlueprintArgs): readonly BlueprintObject[] {
  const ours = new Set(Object.values(accounts).map(({ group }) => group));
  const others = signInGroups.filter((group) => !ours.has(group));
  return others.map((group): BlueprintObject => `authentik_core.group ${group}`);
}

/** Former PolicyBindings where they are once the blueprint has renamed the application: on the one that it declares now. */
export function movedBindings(
  former: readonly BlueprintObject[],
  declared: readonly BlueprintObject[],
): readonly BlueprintObject[] {
  const application = declared.find((object) => modelOf(object) === APPLICATION && isNamed(object));
  if (application === undefined) return [];
  const slug = application.slice(APPLICATION.length + 1);
  const moved = former
    .filter((object) => modelOf(object) === BINDING)
    .map((object) => bindingOf(slug, object.slice(object.indexOf("/") + 1)));
  return moved.filter((object) => !declared.includes(object));
}

/** The slugs of the applications among them, and of those on which there is a PolicyBinding among them. */
export function applicationsIn(objects: readonly BlueprintObject[]): readonly string[] {
  const slugs = objects.filter(isNamed).flatMap((object) => {
    const model = modelOf(object);
    const name = object.slice(model.length + 1);
    if (model === APPLICATION) return [name];
    return model === BINDING ? [name.slice(0, name.indexOf("/"))] : [];
  });
  return [...new Set(slugs)];
}

/** The slugs of the applications among them, without those that are named by their client ID. */
export function applicationsNamedIn(objects: readonly BlueprintObject[]): readonly string[] {
  return namesOf(objects.filter(isNamed), APPLICATION);
}

/** The names of those of a model. */
export function namesOf(objects: readonly BlueprintObject[], model: string): readonly string[] {
  return objects.filter((object) => modelOf(object) === model).map((object) => object.slice(model.length + 1));
}

/** The PolicyBinding of a group on an application. */
export function bindingOf(application: string, group: string): BlueprintObject {
  return `${BINDING} ${application}/${group}`;
}

/** The user name if it is an account. */
export function usernameOf(object: BlueprintObject): string | undefined {
  return /^authentik_core\.user (.+)$/.exec(object)?.[1];
}

/** The name if it is a group. */
export function groupNameOf(object: BlueprintObject): string | undefined {
  return /^authentik_core\.group (.+)$/.exec(object)?.[1];
}

/** Whether it is the account or its app password. Their own resource removes them, once the account has signed in to revoke its key. */
export function isAccount(object: BlueprintObject): boolean {
  return /^authentik_core\.(?:user|token) /.test(object);
}

/**
 * Renders a blueprint that removes objects, in an order that Authentik allows. It skips what does not exist. A provider or an application must have one of
 * the client IDs among them, or one of these: after somebody renamed ours, one with its name may be somebody else's.
 */
export function renderRemoval(objects: readonly BlueprintObject[], ofOurs: readonly string[] = []): string {
  const clientIds = [...new Set([...clientIdsOf(objects), ...ofOurs])];
  const sorted = objects.toSorted(
    (left, right) => REMOVAL_ORDER.indexOf(modelOf(left)) - REMOVAL_ORDER.indexOf(modelOf(right)),
  );
  return blueprintText("zot-auth-removal", "Written by zot-auth: removes what its blueprint created.", [
    ...sorted.flatMap((object) => absences(object, clientIds)),
  ]);
}

function absences(object: BlueprintObject, clientIds: readonly string[]): readonly BlueprintEntry[] {
  const model = modelOf(object);
  const name = object.slice(model.length + 1);
  if (name.startsWith(BY_CLIENT_ID)) return [absenceByClientId(model, name.slice(BY_CLIENT_ID.length))];
  if (model === BINDING) return absencesOfBinding(name, clientIds);
  const field = IDENTIFIED_BY[model];
  if (field === undefined) throw new TypeError(`no field identifies ${object}`);
  const absence = (also: BlueprintEntry["identifiers"] = {}): BlueprintEntry => ({
    model,
    state: "absent",
    identifiers: { [field]: name, ...also },
  });
  // The state of earlier versions has no client IDs.
  if (!isFoundByProvider(object) || clientIds.length === 0) return [absence()];
  // An application without a provider counts as ours.
  return clientIds.map((id) =>
    absence(model === PROVIDER ? { client_id: id } : { provider: find(PROVIDER, "client_id", id) }),
  );
}

function absencesOfBinding(name: string, clientIds: readonly string[]): readonly BlueprintEntry[] {
  // Slugs have no slashes. Without the conditions, a deleted group would match "no group" and remove an account's binding.
  const [slug, group] = [name.slice(0, name.indexOf("/")), name.slice(name.indexOf("/") + 1)];
  const bound = () => find("authentik_core.group", "name", group);
  const ofOurs = clientIds.map((id): readonly [string, string][] => [[PROVIDER_OF_APPLICATION, id]]);
  return (ofOurs.length === 0 ? [[]] : ofOurs).map((client) => {
    const target = () => find(APPLICATION, "slug", slug, ...client);
    return {
      model: BINDING,
      state: "absent",
      conditions: [target(), bound()],
      identifiers: { target: target(), group: bound() },
    };
  });
}

/** A `pk` of an object that does not exist matches none. */
function absenceByClientId(model: string, clientId: string): BlueprintEntry {
  const field = model === APPLICATION ? PROVIDER_OF_APPLICATION : "client_id";
  return { model, state: "absent", identifiers: { pk: find(model, field, clientId) } };
}

function modelOf(object: BlueprintObject): string {
  return object.slice(0, object.indexOf(" "));
}
