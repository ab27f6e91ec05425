import { at, list, string } from "../../core/json.ts";

/**
 * What each resource of the state waits for, and what the components that it is in wait for. Its provider is not among it: a default one is registered with
 * its first resource, so that it would seem to be what that resource had waited for.
 */
export function dependenciesOf(resources: readonly unknown[]): ReadonlyMap<string, readonly string[]> {
  const all = new Map(resources.map((resource) => [string(at(resource, "urn")), resource]));
  const waitsFor = (urn: string): readonly string[] => {
    const resource = all.get(urn);
    const parent = at(resource, "parent");
    const own = list(at(resource, "dependencies") ?? []).map(string);
    return [...own, ...(typeof parent === "string" ? waitsFor(parent) : [])];
  };
  const custom = [...all].filter(([, resource]) => at(resource, "custom") === true);
  return new Map(custom.map(([urn]) => [urn, waitsFor(urn)]));
}
