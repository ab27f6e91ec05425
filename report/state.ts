import { at, isObject, list, string } from "../core/json.ts";
import type { AccessMatrix, KeyLife, Proof, Step } from "./report.ts";
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

/** Whether a urn that the state lacks belongs to a custom resource, as far as its type tells: one that failed to be created, or was deleted. */
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

/** The outputs of the only resource of a type. */
function outputsOf(state: unknown, type: string): unknown {
  return resourcesIn(state).find((resource) => typeOf(resource) === type)?.["outputs"];
}

export function accessOf(state: unknown): AccessMatrix {
  const outputs = outputsOf(state, "zot-auth:acceptance:AccessProof");
  const checked = at(outputs, "checked");
  const rows = list(at(outputs, "measured")).map((row) => {
    const [target, lookAt] = [at(row, "target"), at(row, "lookAt")];
    return {
      subject: String(at(row, "subject")),
      operation: String(at(row, "operation")),
      ...(typeof target === "string" ? { target } : {}),
      expected: Number(at(row, "expected")),
      measured: Number(at(row, "measured")),
      ...(typeof lookAt === "string" ? { lookAt } : {}),
    };
  });
  return { ...(typeof checked === "string" ? { checked } : {}), rows };
}

/** The other proofs. What failed is not in the state: it is among the findings of its run. */
export function proofsOf(state: unknown): readonly Proof[] {
  const signIn = list(at(outputsOf(state, "zot-auth:acceptance:SignInProof"), "checks")).map((check): Proof => ({
    group: "sign-in",
    name: String(at(check, "name")),
    result: "passed",
    found: String(at(check, "result")),
  }));
  const builds = resourcesIn(state).filter((resource) => typeOf(resource) === "zot-auth:acceptance:TestBuild");
  const services = list(at(outputsOf(state, "zot-auth:acceptance:Services"), "rows")).map((row): Proof => {
    const outcome = at(row, "outcome");
    const measured = string(at(row, "measured"));
    const said = outcome === "failed" ? `expected ${string(at(row, "expected"))}, got ${measured}` : measured;
    return {
      group: "services",
      name: string(at(row, "name")),
      result: outcome === "failed" || outcome === "skipped" ? outcome : "passed",
      found: [said, string(at(row, "lookAt"))].filter((text) => text !== "").join(". "),
    };
  });
  return [
    ...services,
    ...signIn,
    ...builds.map(({ urn, outputs }): Proof => {
      const result = String(at(outputs, "result"));
      return {
        group: "build",
        step: nameOf(String(urn)),
        name: `${String(at(outputs, "workflow"))} in ${String(at(outputs, "repository"))}`,
        result: result === "success" ? "passed" : "failed",
        found: result,
      };
    }),
  ];
}

/**
 * The stack's outputs about the key, as the key's own resource has them: after an `up` that failed later, the stack's outputs are still those of the key
 * before.
 */
export function keyOutputsIn(state: unknown): Readonly<Record<string, unknown>> {
  const key = outputsOf(state, "zot-auth:zot:ApiKey");
  const all = {
    ciUser: at(key, "username"),
    keyLabel: at(key, "label"),
    keyUuid: at(key, "uuid"),
    keyFingerprint: at(key, "fingerprint"),
    keyCreated: at(key, "created"),
    keyRotates: at(key, "rotates"),
    keyExpires: at(key, "expires"),
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => typeof value === "string"));
}

export function keyLifeOf(outputs: unknown, state: unknown): KeyLife | undefined {
  const current = { ...(isObject(outputs) ? outputs : {}), ...keyOutputsIn(state) };
  const text = (name: string): string | undefined => {
    const value = at(current, name);
    return typeof value === "string" ? value : undefined;
  };
  const [account, label, created, rotates, expires] = [
    "ciUser",
    "keyLabel",
    "keyCreated",
    "keyRotates",
    "keyExpires",
  ].map(text);
  if (account === undefined || label === undefined || created === undefined) return undefined;
  if (rotates === undefined || expires === undefined) return undefined;
  const unmanaged = list(at(outputsOf(state, "zot-auth:zot:OtherKeys"), "unmanaged")).length;
  return { account, label, created, rotates, expires, unmanaged };
}

/** The releases of zot and of the servers that report theirs. */
export function versionsOf(outputs: unknown, state: unknown): Readonly<Record<string, string>> {
  const reported = at(outputsOf(state, "zot-auth:acceptance:Services"), "versions");
  const all = { zot: at(outputs, "zotVersion"), ...(isObject(reported) ? reported : {}) };
  return Object.fromEntries(
    Object.entries(all).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
}
