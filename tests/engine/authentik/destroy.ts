import assert from "node:assert/strict";
import { test } from "node:test";
import { homelab, lab } from "./stack.ts";

test("destroy removes our blueprint and keeps a group that others own", async () => {
  const { code, output } = await lab.pulumi("destroy", "--yes", "--skip-preview", "--non-interactive");
  assert.equal(code, 0, output);
  assert.equal((await homelab.authentik("/core/applications/zot/")).status, 404);
  const { body } = await homelab.authentik("/core/groups/?name=guests");
  assert.equal((body as { results: unknown[] }).results.length, 1);
});
