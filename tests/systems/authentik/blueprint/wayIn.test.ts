import assert from "node:assert/strict";
import test from "node:test";
import { parse } from "yaml";
import { WAY_IN, renderWayIn, wayInObjects } from "../../../../systems/authentik/blueprint/wayIn.ts";

interface Entry {
  readonly model: string;
  readonly identifiers: Readonly<Record<string, unknown>>;
}

test("what lets a former account sign in has names of its own, and all of it is removed", () => {
  const way = { username: "zot-ci", application: "registry" };
  const { entries } = parse(renderWayIn(way), { logLevel: "silent" }) as { entries: readonly Entry[] };
  const named = entries
    .map(({ model, identifiers }) => `${model} ${String(Object.values(identifiers)[0])}`)
    // Removed with the flow and the stage that they bind.
    .filter((object) => !/flowstagebinding|policybinding/.test(object));
  assert.ok(named.length >= 7);
  const removed = wayInObjects(way);
  for (const object of named)
    assert.ok(
      removed.some((known) => known === object),
      object,
    );
  assert.ok(removed.includes(`authentik_policies.policybinding registry/${WAY_IN}`));
  assert.ok(
    removed.every((object) => object.includes(WAY_IN) || object.includes("zot-ci")),
    "nothing that is declared",
  );
});
