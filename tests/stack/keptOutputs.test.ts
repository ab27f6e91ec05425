import assert from "node:assert/strict";
import test from "node:test";
import { runtime, secret } from "@pulumi/pulumi";
import { keepOutputs } from "../../stack/outputs/keptOutputs.ts";

/** What is registered as the stack's outputs before the program ends; `undefined` if nothing is. */
async function kept(state: object): Promise<unknown> {
  await runtime.setMocks({
    // The only one is the stack itself, whose state the engine gives.
    newResource: ({ name }) => ({ id: name, state }),
    call: () => ({}),
  });
  const registered: unknown[] = [];
  await runtime.runInPulumiStack(async () => {
    const monitor = runtime.getMonitor() as unknown as {
      registerResourceOutputs: (
        request: { readonly getOutputs: () => { readonly toJavaScript: () => unknown } | undefined },
        answer: (error: undefined, response: object) => void,
      ) => void;
    };
    monitor.registerResourceOutputs = (request, answer) => {
      registered.push(request.getOutputs()?.toJavaScript());
      answer(undefined, {});
    };
    await keepOutputs();
  });
  await runtime.disconnect();
  // The last is that of the program itself, which has no outputs.
  assert.deepEqual(registered.pop(), {});
  assert.ok(registered.length <= 1);
  return registered[0];
}

test("the stack's outputs are registered as they are", async () => {
  assert.deepEqual(await kept({ registryHost: "zot.test", skopeoLoginArgs: ["login"] }), {
    registryHost: "zot.test",
    skopeoLoginArgs: ["login"],
  });
});

test("with a secret among them, at any depth, none is", async () => {
  assert.equal(await kept({ registryHost: "zot.test", hidden: secret("TOPSECRET") }), undefined);
  assert.equal(await kept({ registryHost: "zot.test", more: { list: [secret("TOPSECRET")] } }), undefined);
});
