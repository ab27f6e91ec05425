// The gRPC layer with a real client and a provider in a separate process. pulumi.test.ts uses the real engine.
import assert from "node:assert/strict";
import { once } from "node:events";
import { join } from "node:path";
import test from "node:test";
import providerpb from "@pulumi/pulumi/proto/provider_pb.js";
import statuspb from "@pulumi/pulumi/proto/status_pb.js";
import type { ServiceError } from "@grpc/grpc-js";
import { Plugin, UNKNOWN_TEXT, messageOf, secret, urnOf } from "../toolchain/support/plugin.ts";

const FIXTURE = join(import.meta.dirname, "fixtures", "pulumi-resource-fixture");
const thing = urnOf("fixture:index:Thing");

await test("the shell", async (t) => {
  await using plugin = await Plugin.start(FIXTURE);

  await t.test(
    "configure: accepts secrets, plain values and previews, and passes the inputs to the handler",
    async () => {
      const response = await plugin.configure({ token: secret("s"), list: ["a", 1, true, null] });
      assert.equal(response.getAcceptsecrets(), true);
      assert.equal(response.getSupportspreview(), true);
      assert.equal(response.getAcceptoutputs(), false);
      assert.equal(response.getAcceptresources(), false);
      const { state } = await plugin.create({ urn: thing }, {});
      assert.deepEqual(state["configured"], { token: "s", list: ["a", 1, true, null] });
    },
  );

  await t.test(
    "create: the handler gets plain values; secret inputs and declared secret outputs return as secrets",
    async () => {
      const { id, state } = await plugin.create(
        { urn: thing },
        { open: "o", password: secret("p"), nested: { inner: secret("i") }, nothing: null },
      );
      assert.equal(id, "made");
      assert.deepEqual(state["password"], secret("p"));
      assert.deepEqual(state["nested"], secret({ inner: "i" }));
      assert.deepEqual(state["token"], secret("t"));
      assert.equal(state["open"], "o");
      assert.equal(state["nothing"], null);
      const seen = { urn: thing, type: "fixture:index:Thing", name: "one", secrets: ["nested", "password"] };
      assert.deepEqual(state["seen"], seen);
    },
  );

  await t.test("takes the innermost type from a URN, and accepts :: in a name", async () => {
    const urn = "urn:pulumi:dev::project::a:b:Parent$fixture:index:Thing::one::two";
    const { state } = await plugin.create({ urn }, {});
    assert.deepEqual(state["seen"], { urn, type: "fixture:index:Thing", name: "one::two", secrets: [] });
  });

  await t.test("a handler's messages reach the engine in order, before the call ends", async () => {
    plugin.said.length = 0;
    await plugin.create({ urn: thing }, {});
    assert.deepEqual(plugin.said, [
      { message: "starting", urn: thing, passing: true },
      ...[1, 2, 3].map((number) => ({ message: `step ${number}`, urn: thing, passing: false })),
    ]);
  });

  await t.test("previews change nothing, and unknown values pass in both directions", async () => {
    const { id, state } = await plugin.create({ urn: thing, preview: true }, { open: UNKNOWN_TEXT });
    assert.equal(id, "");
    assert.deepEqual(state, { open: UNKNOWN_TEXT, computed: UNKNOWN_TEXT, known: "new", preview: true });
    const updated = await plugin.update({ urn: thing, preview: true }, "made", { open: "o" }, { open: "p" });
    assert.deepEqual(updated, { open: "p", computed: UNKNOWN_TEXT, known: "old", preview: true });
  });

  await t.test("check: the handler's inputs, with secrets kept, and failures by property", async () => {
    const { inputs, failures } = await plugin.check(thing, { size: "huge", password: secret("p") });
    assert.deepEqual(inputs, { size: "huge", password: secret("p"), checked: true });
    assert.deepEqual(failures, [{ property: "size", reason: "is too large" }]);
  });

  await t.test("check: without a handler, returns the inputs unchanged, including nested secrets", async () => {
    const inputs = { nested: { inner: secret("i") } };
    assert.deepEqual((await plugin.check(urnOf("fixture:index:ReplaceOnly"), inputs)).inputs, inputs);
  });

  await t.test("diff by inputs: ignores secretness, and treats an unknown value as a change", async () => {
    const old = { same: { a: [1, 2] }, password: secret("p"), gone: 1, changed: { a: 1 } };
    const inputs = { same: { a: [1, 2] }, password: "p", changed: { a: 2 }, added: 1 };
    assert.deepEqual(await plugin.diff(thing, { old, inputs }), {
      changes: true,
      replaces: [],
      detailed: { gone: "DELETE", changed: "UPDATE", added: "ADD" },
    });
    assert.equal((await plugin.diff(thing, { old, inputs: old })).changes, false);
    const unknown = await plugin.diff(thing, { old: { a: 1 }, inputs: { a: UNKNOWN_TEXT } });
    assert.deepEqual(unknown.detailed, { a: "UPDATE" });
  });

  await t.test("diff: without an update method, every change replaces", async () => {
    const found = await plugin.diff(urnOf("fixture:index:ReplaceOnly"), { old: { a: 1 }, inputs: { a: 2 } });
    assert.deepEqual(found, { changes: true, replaces: ["a"], detailed: { a: "UPDATE_REPLACE" } });
  });

  await t.test(
    "diff: a replacing property reaches the engine in both `replaces` and the detailed diff, whichever the handler sets",
    async () => {
      const found = await plugin.diff(urnOf("fixture:index:Decided"), { old: {}, inputs: {} });
      assert.deepEqual(found, {
        changes: true,
        replaces: ["due", "map"],
        detailed: { due: "UPDATE_REPLACE", 'map["a.b"]': "DELETE_REPLACE" },
      });
    },
  );

  await t.test("update and read get the old state, and keep its secrets", async () => {
    const state = await plugin.update({ urn: thing }, "made", { a: 1 }, { a: 2, password: secret("p") });
    assert.deepEqual(state, { a: 2, password: secret("p"), before: { a: 1 } });
    const read = await plugin.read(thing, "made", { a: 1, derived: secret("d") }, { a: 1 });
    assert.deepEqual(read, { id: "made", state: { a: 1, derived: secret("d") }, inputs: { a: 1 } });
  });

  await t.test(
    "read: returns an empty id if the resource does not exist; without a read method, returns the state",
    async () => {
      assert.equal((await plugin.read(thing, "gone", { a: 1 }, { a: 1 })).id, "");
      const kept = await plugin.read(urnOf("fixture:index:ReplaceOnly"), "x", { a: secret(1) }, { a: secret(1) });
      assert.deepEqual(kept, { id: "x", state: { a: secret(1) }, inputs: { a: secret(1) } });
    },
  );

  await t.test("an error contains only its message", async () => {
    await assert.rejects(plugin.create({ urn: thing }, { mode: "fail" }), (error: ServiceError) => {
      assert.equal(error.details, "one clear sentence");
      assert.doesNotMatch(JSON.stringify([error.details, error.metadata.getMap()]), /s3cret|at .*\.ts/);
      return true;
    });
  });

  await t.test(
    "a partial failure: the engine gets the id, the state with marked secrets, and the reasons",
    async () => {
      await assert.rejects(
        plugin.create({ urn: thing }, { mode: "partial", password: secret("p") }),
        (error: ServiceError) => {
          const [bytes] = error.metadata.get("grpc-status-details-bin");
          const [any] = statuspb.Status.deserializeBinary(bytes as Buffer).getDetailsList();
          assert.equal(any?.getTypeUrl(), "type.googleapis.com/pulumirpc.ErrorResourceInitFailed");
          const detail = providerpb.ErrorResourceInitFailed.deserializeBinary(any.getValue_asU8());
          assert.equal(detail.getId(), "half");
          assert.deepEqual(detail.getReasonsList(), ["the second half"]);
          assert.deepEqual(detail.getProperties()?.toJavaScript(), {
            mode: "partial",
            password: secret("p"),
            token: secret("t"),
          });
          return true;
        },
      );
    },
  );

  await t.test("functions: declared secret results and results of secret inputs are secret", async () => {
    assert.deepEqual(await plugin.invoke("fixture:index:echo", { a: 1 }), { a: 1, password: secret("p") });
    const closed = await plugin.invoke("fixture:index:echo", { a: secret(1) });
    assert.deepEqual(closed, { a: secret(1), password: secret("p") });
  });

  await t.test("reports types and functions that do not exist or fail to load", async () => {
    const failing = async (call: Promise<unknown>) => call.then(() => "", messageOf);
    const nothing = await failing(plugin.create({ urn: urnOf("fixture:index:Nothing") }, {}));
    assert.equal(nothing, "the resource type fixture:index:Nothing does not exist in the provider fixture");
    const broken = await failing(plugin.create({ urn: urnOf("fixture:index:Broken") }, {}));
    assert.equal(broken, "the module cannot be loaded");
    assert.equal(
      await failing(plugin.invoke("fixture:index:no", {})),
      "the function fixture:index:no does not exist in the provider fixture",
    );
    const asset = { "4dabf18193072939515e22adb298388d": "c44067f5952c0a294b673a41bacd8c17", text: "x" };
    assert.equal(
      await failing(plugin.create({ urn: thing }, { file: asset })),
      "an asset is not supported: this provider accepts plain values only",
    );
  });

  await t.test("a custom timeout aborts the handler", async () => {
    await assert.rejects(plugin.create({ urn: thing, timeout: 0.05 }, { mode: "slow" }), (error) => {
      assert.equal(messageOf(error), "timed out after 0.05 s; set the resource option customTimeouts for more time");
      return true;
    });
  });

  await t.test("a cancellation aborts running and later calls", async () => {
    const slow = plugin.create({ urn: thing }, { mode: "slow" }).then(() => "done", messageOf);
    await plugin.create({ urn: thing }, {}); // ensures that the slow call has started
    await plugin.cancel();
    assert.equal(await slow, "cancelled; run again to finish");
    assert.equal(
      await plugin.create({ urn: thing }, {}).then(() => "done", messageOf),
      "cancelled; run again to finish",
    );
  });
});

await test("a plugin exits when the engine closes the pipe and on a signal, even in the middle of an operation", async () => {
  for (const end of ["pipe", "SIGINT"] as const) {
    const plugin = await Plugin.start(FIXTURE);
    const slow = plugin.create({ urn: thing }, { mode: "slow" }).then(() => "done", messageOf);
    await plugin.create({ urn: thing }, {}); // ensures that the slow call has started
    const exited = once(plugin.process, "exit");
    if (end === "pipe") plugin.process.stdin.end();
    else plugin.process.kill("SIGINT");
    assert.deepEqual(await exited, [0, null]);
    assert.notEqual(await slow, "done");
    await plugin[Symbol.asyncDispose]();
  }
});
