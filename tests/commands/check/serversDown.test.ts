import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import test from "node:test";
import { serversDown } from "../../../commands/check/serversDown.ts";

const CLOSED = "http://127.0.0.1:1";

function state(type: string, inputs: object): unknown {
  return { version: 3, deployment: { resources: [{ type: "other" }, { type, inputs }] } };
}

test("a check names each server that is down once, by the addresses in the state", async (t) => {
  const server = createServer((_, response) => response.writeHead(200).end());
  await new Promise<void>((done) => {
    server.listen(0, "127.0.0.1", done);
  });
  t.after(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const inputs = {
    // The check has asked zot before.
    registryUrl: CLOSED,
    authentik: { authentikUrl: url },
    forgejo: { forgejoUrl: CLOSED },
    connectUrl: url,
  };
  const down = await serversDown(state("zot-auth:acceptance:Services", inputs));
  assert.equal(down.length, 1, down.join("\n"));
  assert.match(down.join(), /^Forgejo: expected .*, got no answer \(connect ECONNREFUSED .*forgejo\.url http/);
  assert.deepEqual(
    await serversDown(state("zot-auth:acceptance:Services", { ...inputs, forgejo: { forgejoUrl: url } })),
    [],
  );
});

test("the state of an earlier release names no servers", async () => {
  assert.deepEqual(await serversDown(state("zot-auth:acceptance:AccessProof", {})), []);
  assert.deepEqual(await serversDown(undefined), []);
});
