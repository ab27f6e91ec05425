import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import test from "node:test";

const SDK = new URL("../../stack/sdk/sdk.ts", import.meta.url).href;

/** How a program ends in which a promise is rejected so, and nobody handles it. */
function ended(message: string): { readonly status: number | null; readonly stderr: string } {
  const program = `
    const { prepareSdk } = await import(${JSON.stringify(SDK)});
    // As the SDK's runner does.
    process.on("unhandledRejection", (error) => { console.error(error.message); process.exit(1); });
    prepareSdk();
    void Promise.reject(new Error(${JSON.stringify(message)}));
    await new Promise((done) => setTimeout(done, 1000));
  `;
  return spawnSync(process.execPath, ["--input-type=module", "--eval", program], { encoding: "utf8" });
}

for (const reason of ["rpc error: code = Canceled desc = grpc: the client connection is closing", "cancelled"]) {
  test(`a program whose call the engine ended says nothing, since the engine has: ${reason}`, () => {
    const { status, stderr } = ended(
      `invocation of zot-auth:argocd:keyInGit returned an error: invoking it: ${reason}`,
    );
    assert.equal(status, 32);
    assert.equal(stderr, "");
  });
}

test("any other error is not swallowed", () => {
  for (const message of [
    "invocation of zot-auth:argocd:keyInGit returned an error: Argo CD does not answer",
    "the order was cancelled",
  ]) {
    const { status, stderr } = ended(message);
    assert.equal(status, 1);
    assert.equal(stderr, `${message}\n`);
  }
});
