import assert from "node:assert/strict";
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { lab } from "./stack.ts";

// The settings of Argo CD, which the model does not have, on a live stack: another value and back, with the real CLI.

test("the application's namespace, the token's place and the timeouts of Argo CD change and change back; CI keeps its key", async () => {
  const secrets = join(lab.layout.directory, "secrets");
  const token = join(secrets, "argocd-token-2");
  copyFileSync(join(secrets, "argocd-token"), token);
  let before: unknown;
  lab.changeSettings((config) => {
    before = config["zot-auth:argocd"];
  });
  const { keyUuid } = lab.outputs();
  assert.ok(typeof keyUuid === "string");
  const others = {
    applicationNamespace: "argocd",
    token: `file:${token}`,
    busyTimeout: "20 minutes",
    syncTimeout: "2 minutes",
  };
  for (const settings of [{ ...(before as object), ...others }, before]) {
    lab.changeSettings((config) => {
      config["zot-auth:argocd"] = settings;
    });
    const { code, output } = await lab.up();
    assert.equal(code, 0, output);
    const check = await lab.command("check");
    assert.equal(check.code, 0, check.output);
    assert.equal(lab.outputs()["keyUuid"], keyUuid);
  }
});
