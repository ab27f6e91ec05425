import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after, before } from "node:test";
import { serversDown } from "../../../commands/check/serversDown.ts";

const CLOSED = "http://127.0.0.1:1";
const NONE = { needed: [], former: [] };

const folder = mkdtempSync(join(tmpdir(), "zot-auth-servers-down-"));
const server = createServer((_, response) => response.writeHead(200).end());
let url: string;
before(async () => {
  await new Promise<void>((done) => {
    server.listen(0, "127.0.0.1", done);
  });
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
after(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

function state(inputs: object, type = "zot-auth:acceptance:Services"): unknown {
  return { version: 3, deployment: { resources: [{ type: "other" }, { type, inputs }] } };
}

const inputs = (others: object = {}): object => ({
  registryUrl: url,
  authentik: { authentikUrl: url },
  forgejo: { forgejoUrl: url },
  connectUrl: url,
  ...others,
});

/** A settings file with these addresses. */
function settings(others: Readonly<Record<string, object | undefined>> = {}): string {
  const file = join(folder, "Pulumi.test.yaml");
  const groups = {
    registry: { url },
    authentik: { url },
    forgejo: { url },
    onePassword: { connectUrl: url },
    ...others,
  };
  const config = Object.fromEntries(Object.entries(groups).map(([name, group]) => [`zot-auth:${name}`, group]));
  // JSON is YAML.
  writeFileSync(file, JSON.stringify({ config }));
  return file;
}

test("a check names each server that is down once, and zot alone", async () => {
  const down = { forgejo: { forgejoUrl: CLOSED } };
  const file = settings({ forgejo: { url: `${CLOSED}/` } });
  const { needed, former } = await serversDown(state(inputs(down)), url, file);
  assert.deepEqual([needed.length, former], [1, []], needed.join("\n"));
  assert.match(needed.join(), /^Forgejo: expected .*, got no answer \(connect ECONNREFUSED .*forgejo\.url http/);
  assert.deepEqual(await serversDown(state(inputs()), url, settings()), NONE);
  const zot = await serversDown(
    state(inputs(down)),
    CLOSED,
    settings({ registry: { url: CLOSED }, forgejo: { url: CLOSED } }),
  );
  assert.deepEqual([zot.needed.length, zot.former], [1, []]);
  assert.match(zot.needed.join(), /zot .*Then run this again\.$/);
});

test("a server that is gone from a former address is reported as gone, and holds nothing up", async () => {
  const gone = inputs({ forgejo: { forgejoUrl: CLOSED }, argocd: { argocdUrl: CLOSED } });
  const { needed, former } = await serversDown(state(gone), CLOSED, settings());
  assert.deepEqual(needed, []);
  assert.match(
    former[0] ?? "",
    /^zot does not serve at http:\S+\. That was registry\.url as of the last update; it is http:\S+ now\.$/,
  );
  assert.match(
    former[1] ?? "",
    /^Forgejo: no answer .* That was forgejo\.url as of the last update; it is http:\S+ now\.$/,
  );
  assert.match(former[2] ?? "", /^Argo CD: no answer .* as of the last update; it is no longer set\.$/);
  assert.equal(former.length, 3);
});

test("settings that cannot be read, or are invalid, say nothing of a former address", async () => {
  const gone = state(inputs({ forgejo: { forgejoUrl: CLOSED } }));
  for (const file of [join(folder, "none.yaml"), settings({ forgejo: { url: "forgejo" } })]) {
    const { needed, former } = await serversDown(gone, url, file);
    assert.deepEqual([needed.length, former], [1, []]);
  }
});

test("the state of an earlier release names no servers but zot", async () => {
  assert.deepEqual(await serversDown(state({}, "zot-auth:acceptance:AccessProof"), url, settings()), NONE);
  assert.deepEqual(await serversDown(undefined, url, settings()), NONE);
});
