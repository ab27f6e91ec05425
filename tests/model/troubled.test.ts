import "./prepare.ts";
import assert from "node:assert/strict";
import { test } from "node:test";
import { play, troubled } from "./stories.ts";

// Runs of every kind, one after another, with faults at any request. The stories are the same each
// time; `npm run model -- --cases 20000` plays others.

test("250 stories of failing runs", async (t) => {
  const { cases, struck } = await play(troubled, { numRuns: 250, seed: 7 });
  t.diagnostic(`${cases} stories, ${struck} faults`);
  assert.ok(struck > cases / 2, "most of the faults came");
});
