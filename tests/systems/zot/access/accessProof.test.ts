import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import test, { after, before } from "node:test";
import providerpb from "@pulumi/pulumi/proto/provider_pb.js";
import statuspb from "@pulumi/pulumi/proto/status_pb.js";
import { adapt } from "../../../../provider/adapter.ts";
import { Unfinished } from "../../../../provider/resource.ts";
import { accessProof } from "../../../../systems/zot/access/proof/accessProof.ts";
import type { AccessProofInputs, AccessProofState } from "../../../../systems/zot/access/proof/accessProof.ts";
import { testContext } from "../../../support/provider.ts";

// A registry that allows everyone everything, and what becomes of a proof that fails there.

const server = createServer((request, response) => {
  request.resume();
  response.writeHead(200).end("{}");
});
let registryUrl = "";
before(async () => {
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  registryUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  process.env["T_ACCESS_KEY"] = "zak_secret";
});
after(() => server.close());

const context = testContext();

const inputs = (): AccessProofInputs => ({
  registryUrl,
  username: "zot-ci",
  source: "env:T_ACCESS_KEY",
  repository: "zot-auth/acceptance",
  expected: [
    { subject: "anonymous", operation: "pull", expected: 200 },
    { subject: "ci", operation: "delete a tag", expected: 403 },
  ],
  proves: {},
});

async function failure(): Promise<Unfinished> {
  try {
    await accessProof.create(inputs(), context);
  } catch (error) {
    assert.ok(error instanceof Unfinished);
    return error;
  }
  throw new assert.AssertionError({ message: "the proof passed" });
}

test("a matrix with a row that differs fails, is kept with its rows, and is due until it passes", async () => {
  const { code, message, state, id } = await failure();
  assert.equal(code, "ACCESS_NOT_AS_DECLARED");
  assert.match(
    message,
    /is not as declared:\n- ci, delete a tag: expected 403, got 200\. More is allowed than declared: .*\nNothing was rolled back/,
  );
  assert.equal(id, new URL(registryUrl).host);
  const kept = state as AccessProofState;
  assert.equal(kept.result, "1 of 2 checks passed");
  assert.deepEqual(
    kept.measured.map(({ measured, lookAt }) => [measured, lookAt?.split(":")[0]]),
    [
      [200, undefined],
      [200, "More is allowed than declared"],
    ],
  );
  const diff = (of: AccessProofState): unknown =>
    accessProof.diff?.({ inputs: inputs(), oldInputs: inputs(), now: new Date(), state: of });
  assert.deepEqual(diff(kept), { due: ["result"] });
  const { state: passed } = await accessProof.create({ ...inputs(), expected: inputs().expected.slice(0, 1) }, context);
  assert.deepEqual(diff(passed), {});
  // Of a release that did not keep the rows.
  const { measured: _none, ...former } = passed;
  assert.deepEqual(diff(former as AccessProofState), {});
});

test("the engine gets the rows with the reason, and no secret", async () => {
  const handler = adapt(accessProof);
  for (const run of [
    async () => handler.create(inputs() as never, context),
    async () => handler.update?.("registry", inputs() as never, inputs() as never, context),
  ]) {
    const error = await run().then(
      () => undefined,
      (thrown: unknown) => thrown as { readonly statusDetails: Uint8Array },
    );
    assert.ok(error !== undefined);
    const [detail] = statuspb.Status.deserializeBinary(error.statusDetails).getDetailsList();
    const failed = providerpb.ErrorResourceInitFailed.deserializeBinary(detail?.getValue_asU8() ?? new Uint8Array());
    assert.match(failed.getReasonsList().join(), /^Access to the registry at .* is not as declared/);
    const state = failed.getProperties()?.toJavaScript() as { readonly measured: readonly object[] };
    assert.equal(state.measured.length, 2);
    assert.ok(!JSON.stringify(state).includes("zak_secret"));
  }
});

test("a registry that does not answer fails without rows", async () => {
  await assert.rejects(accessProof.create({ ...inputs(), registryUrl: "http://127.0.0.1:9" }, context), (error) => {
    assert.ok(error instanceof Error && !(error instanceof Unfinished));
    assert.match(error.message, /does not answer at http:\/\/127\.0\.0\.1:9 .* Nothing was rolled back\.$/);
    return true;
  });
});
