// Which resources a mocked run has registered.
import assert from "node:assert/strict";
import type { MockedRun, Registered } from "./mocks.ts";

export const ARGOCD = { argocd: { url: "https://argocd.ops.eblu.me", token: "env:ARGOCD_TOKEN" } };

/** The only resource of the type and, if given, the name. */
export function one(run: MockedRun, type: string, name?: string): Registered {
  const found = run.resources.filter(
    (resource) => resource.type === type && (name === undefined || resource.name === name),
  );
  assert.equal(
    found.length,
    1,
    `one ${type} ${name ?? ""}, found ${found.map((resource) => resource.name).join(", ")}`,
  );
  return found[0] as Registered;
}

/** Asserts that each type is registered after the one before it. */
export function inOrder(run: MockedRun, ...types: readonly string[]): void {
  const places = types.map((type) => run.resources.findIndex((resource) => resource.type === type));
  assert.ok(!places.includes(-1), `all of ${types.join(", ")} are registered`);
  assert.deepEqual(
    places,
    places.toSorted((left, right) => left - right),
    types.join(" before "),
  );
}
