import assert from "node:assert/strict";
import { test } from "node:test";
import { change, homelab, installZot, lab, metrics } from "./stack.ts";

test("after an upgrade of zot, the next preview shows the required config change, and up applies it", async () => {
  installZot(lab.directory, "v2.1.20");
  change("registry", { acceptCiOverwrite: false });
  const preview = await lab.pulumi("preview", "--diff");
  assert.equal(preview.code, 0, preview.output);
  assert.match(preview.output, /~ .*command:local:Command/);
  assert.match(preview.output, /zot restarts \(about 2 s\): zot or this program was upgraded\./);
  assert.match(preview.output, /\+ anonymousPolicy: \[/);
  assert.deepEqual(metrics(), { users: [""] }, "a preview writes nothing");

  const { code, output } = await lab.up();
  assert.equal(code, 0, output);
  assert.deepEqual(metrics(), { anonymousPolicy: ["read"] });
  assert.equal((await homelab.registry("/metrics")).status, 200, "the new zot runs with the new config");
  assert.equal(lab.outputs()["zotVersion"], "2.1.20");
});
