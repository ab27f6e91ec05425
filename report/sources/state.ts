import { at, isObject, list, string } from "../../core/json.ts";
import type { Step } from "../report.ts";
import type { RunEvents } from "./events.ts";

type Resource = Readonly<Record<string, unknown>>;

/** A component has no operation of its own to show, a provider none that matters. */
function isStep(resource: Resource): boolean {
  return resource["custom"] === true && !typeOf(resource).startsWith("pulumi:providers:");
}

const typeOf = (resource: Resource): string => String(resource["type"]);
const urnOf = (resource: Resource): string => String(resource["urn"]);
const nameOf = (urn: string): string => urn.split("::").at(-1) ?? urn;

/** The resources of a `pulumi stack export`. One that waits for its deletion is no step of the run. */
export function resourcesIn(state: unknown): readonly Resource[] {
  return list(at(state, "deployment", "resources")).filter(
    (resource): resource is Resource =>
      typeof resource === "object" && resource !== null && at(resource, "delete") !== true,
  );
}

/** The graph: what the state records, with what the run did to each resource. Resources that the run deleted come last. */
export function stepsOf(state: unknown, events: RunEvents | undefined): readonly Step[] {
  const resources = resourcesIn(state);
  const children = new Map<string, string[]>();
  for (const resource of resources) {
    const parent = String(resource["parent"]);
    children.set(parent, [...(children.get(parent) ?? []), urnOf(resource)]);
  }
  const steps = new Set(resources.filter(isStep).map(urnOf));
  /** A dependency on a component is one on everything in it. */
  const stepsIn = (urn: string): readonly string[] =>
    steps.has(urn) ? [urn] : (children.get(urn) ?? []).flatMap(stepsIn);

  const known = resources.filter(isStep).map((resource): Step => {
    const urn = urnOf(resource);
    const dependsOn = dependenciesOf(resource, resources).flatMap(stepsIn);
    const event = events?.steps.get(urn);
    return {
      urn,
      name: nameOf(urn),
      type: typeOf(resource),
      component: componentOf(resource),
      dependsOn: [...new Set(dependsOn)].filter((before) => before !== urn),
      ...(event ?? { state: events === undefined ? "recorded" : "not run" }),
    };
  });
  const others = [...(events?.steps ?? [])].filter(([urn]) => !steps.has(urn) && isStepUrn(urn, resources));
  return [
    ...known,
    ...others.map(([urn, event]): Step => ({
      urn,
      name: nameOf(urn),
      type: typeIn(urn),
      component: "",
      dependsOn: [],
      ...event,
    })),
  ];
}

/** What a resource waits for: its own dependencies, and those of the components around it. */
function dependenciesOf(resource: Resource, resources: readonly Resource[]): readonly string[] {
  const parent = resources.find((other) => urnOf(other) === resource["parent"]);
  return [
    ...list(resource["dependencies"]).map(String),
    ...(parent === undefined ? [] : dependenciesOf(parent, resources)),
  ];
}

/** `zot-auth:zot:ApiKey` of `urn:pulumi:prod::zot-auth::zot-auth:index:CiServiceAccount$zot-auth:zot:ApiKey::ci-key`. */
function typeIn(urn: string): string {
  return urn.split("::").at(-2)?.split("$").at(-1) ?? "";
}

/** Whether a urn that the state lacks belongs to a custom resource, as far as its type shows: one that failed to be created, or was deleted. */
function isStepUrn(urn: string, resources: readonly Resource[]): boolean {
  const type = typeIn(urn);
  const known = resources.some((resource) => urnOf(resource) === urn);
  return !known && !/^(pulumi:(pulumi|providers)|zot-auth:index):/.test(type);
}

function componentOf(resource: Resource): string {
  const parent = resource["parent"];
  return typeof parent === "string" && !parent.includes("::pulumi:pulumi:Stack::") ? nameOf(parent) : "";
}

/** The stack's outputs, as `pulumi stack output --json` prints them: none of them is secret. */
export function stackOutputsIn(state: unknown): Readonly<Record<string, unknown>> {
  const outputs = outputsOf(state, "pulumi:pulumi:Stack");
  return isObject(outputs) ? outputs : {};
}

function outputsOf(state: unknown, type: string): unknown {
  return resourcesIn(state).find((resource) => typeOf(resource) === type)?.["outputs"];
}

/** A resource of a type of which each account has its own. */
export interface AccountRow {
  readonly urn: string;
  readonly name: string;
  /** The account's user name; empty if the row has none. */
  readonly account: string;
  readonly outputs: unknown;
}

/** The resources of a type: those of the stack's first account, then the others in the order of their accounts. */
export function rowsOf(state: unknown, type: string): readonly AccountRow[] {
  const first = stackOutputsIn(state)["ciUser"];
  const rank = ({ account }: AccountRow): string => (account === first ? "" : account);
  return resourcesIn(state)
    .filter((resource) => typeOf(resource) === type)
    .map((resource) => {
      const { outputs } = resource;
      return { urn: urnOf(resource), name: nameOf(urnOf(resource)), account: string(at(outputs, "username")), outputs };
    })
    .sort((one, other) => (rank(one) < rank(other) ? -1 : Number(rank(one) > rank(other))));
}

/** The releases of zot and of the servers that report theirs. */
export function versionsOf(outputs: unknown, state: unknown): Readonly<Record<string, string>> {
  const reported = at(outputsOf(state, "zot-auth:acceptance:Services"), "versions");
  const all = { zot: at(outputs, "zotVersion"), ...(isObject(reported) ? reported : {}) };
  return Object.fromEntries(
    Object.entries(all).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
}
