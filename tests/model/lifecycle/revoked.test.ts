import "../prepare.ts";
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { signInArgs } from "../../../stack/arguments.ts";
import { apiKey } from "../../../systems/zot/keys/resources/apiKey.ts";
import type { ApiKeyInputs } from "../../../systems/zot/keys/resources/apiKey.ts";
import { testContext } from "../../support/provider.ts";
import { Homelab } from "../homelab/homelab.ts";
import { Run, within } from "../requests/gate.ts";
import { mainAccount } from "../../../settings/accounts/accounts.ts";

// `npm run revoke` while a thief uses a leaked key: each key that the thief still has can create another one.

let lab: Homelab;
before(async () => {
  lab = await Homelab.start();
});
after(async () => lab.stop());

function inputs(revocationTrigger: string): ApiKeyInputs {
  return {
    ...signInArgs(lab.settings(), mainAccount(lab.settings())),
    owner: "zot-auth/model",
    store: "op://homelab/CI/zot-ci-api",
    lifetime: 7_776_000,
    rotateAfter: 5_184_000,
    rotationTrigger: "",
    revocationTrigger,
    proofRepository: "zot-auth/acceptance",
    onDestroy: "blank",
  };
}

/** Revokes while a thief creates a key after each of the first revocations. */
async function revokeAgainst(thefts: number, trigger: string): Promise<void> {
  const { state } = await apiKey.create(inputs(""), testContext());
  let stolen = 0;
  const run = new Run(undefined, ({ method, url }) => {
    if (method === "DELETE" && url.pathname === "/zot/auth/apikey" && stolen < thefts)
      lab.addKey(`a thief's ${(stolen += 1)}`);
  });
  await within(run, async () => apiKey.update?.(state, inputs(trigger), testContext()));
}

test("keys that appear during the revocation are revoked, too", async () => {
  await revokeAgainst(4, "first");
  const [key, ...others] = lab.keys();
  assert.match(key?.label ?? "", /^zot-auth\/model\/\d+$/);
  assert.deepEqual(others, []);
  assert.ok(lab.accepts(lab.stored()["zot-ci-api"] ?? ""));
});

test("if keys keep appearing, up fails and says how to end it", async () => {
  await assert.rejects(revokeAgainst(Number.POSITIVE_INFINITY, "second"), {
    code: "KEYS_KEEP_APPEARING",
    message: /somebody is signed in as zot-ci/,
  });
});
