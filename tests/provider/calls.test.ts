import assert from "node:assert/strict";
import { test } from "node:test";
import { Calls } from "../../provider/grpc/methods/calls.ts";
import { Engine } from "../../provider/grpc/engine.ts";

test("the next run forgets that an earlier one was cancelled", async () => {
  const calls = new Calls(new Engine(undefined));
  const run = async (): Promise<string> =>
    calls.run({ urn: "", type: "t", name: "" }, async () => Promise.resolve("done"));
  calls.cancel();
  await assert.rejects(run(), { message: "cancelled; run again to finish" });
  calls.begin();
  assert.equal(await run(), "done");
});
