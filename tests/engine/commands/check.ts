import assert from "node:assert/strict";
import { test } from "node:test";
import { check } from "./runCheck.ts";
import { homelab } from "./stack.ts";

// npm run check reports problems, also with its exit code, and changes nothing. The tests depend on their order.

test("without drift, check says so, and when the key rotates", async () => {
  const { code, output } = await check();
  assert.equal(code, 0, output);
  assert.match(output, /^The key of zot-ci rotates in 59 days, on 20\d\d-\d\d-\d\d; expires on 20\d\d-\d\d-\d\d\.$/m);
  assert.match(output, /^✓ lab: everything is as declared\.$/m);
});

test("with drift, check names a deleted secret and does not restore it", async () => {
  await homelab.forgejo("/repos/homelab/site/actions/secrets/ZOT_CI_API_KEY", "DELETE");
  const { code, output } = await check();
  assert.equal(code, 1, output);
  assert.match(output, /drift: "homelab\/site has no secret ZOT_CI_API_KEY"/);
  assert.match(
    output,
    /^✗ lab: not everything is as declared, see above\. `npm run pulumi -- up --refresh --stack lab .*` repairs it\.$/m,
  );
  assert.ok(!(await homelab.secretNames("homelab/site")).includes("ZOT_CI_API_KEY"));
});
