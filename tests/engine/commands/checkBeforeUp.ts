import assert from "node:assert/strict";
import { test } from "node:test";
import { check } from "./runCheck.ts";

test("before the first up, check fails and says what to do", async () => {
  const { code, output } = await check();
  assert.equal(code, 1, output);
  assert.match(
    output,
    /✗ lab: there is no key: no `up` has completed, or .*\. Run `npm run pulumi -- up --stack lab .*`\./,
  );
  assert.doesNotMatch(output, /Previewing/);
});
