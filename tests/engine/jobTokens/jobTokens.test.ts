// The lab as it ships, with the real CLI: one account has a key, and the jobs of the other push with their own tokens.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { at } from "../../../core/json.ts";
import { EngineLab } from "../support/harness.ts";
import { Homelab } from "../support/homelab.ts";

let lab: EngineLab;
let homelab: Homelab;

before(async () => {
  lab = await EngineLab.start(undefined, "attached", "shipped");
  homelab = new Homelab(lab);
});
after(() => lab.stop());

const variable = "ZOT_CI_JOB_TOKEN_INFO";

test("up proves both ways, and the repository of the jobs has no key", async () => {
  const { code, output } = await lab.up();
  assert.equal(code, 0, output);
  const outputs = lab.outputs();
  assert.equal(at(outputs, "ciJobTokens", "site", "proof"), "success");
  assert.equal(at(outputs, "ciJobTokens", "site", "user"), "zot-site");
  assert.deepEqual(Object.keys(at(outputs, "ciAccounts") as object), ["ci"]);
  assert.ok((await homelab.secretNames("homelab/apps")).includes("ZOT_CI_API_KEY"));
  assert.ok(!(await homelab.secretNames("homelab/site")).includes("ZOT_CI_API_KEY"));
  assert.ok((await homelab.variableNames("homelab/site")).includes(variable));
  assert.ok(!(await homelab.variableNames("homelab/apps")).includes(variable));
});

test("zot takes people's sign-in, anonymous pulls and tokens, and refuses a made-up one", async () => {
  const { url } = lab.layout.settings.registry;
  const status = async (path: string, token?: string): Promise<number> => {
    const headers = token === undefined ? {} : { Authorization: `Bearer ${token}` };
    return (await fetch(`${url}${path}`, { headers, redirect: "manual" })).status;
  };
  assert.equal(await status("/zot/auth/login?provider=oidc&callback_ui=/"), 302);
  assert.equal(await status("/v2/_catalog"), 200);
  assert.equal(await status("/v2/", "made.up.token"), 401);
});

test("nothing is left to do", async () => {
  const { code, output } = await lab.pulumi("preview", "--expect-no-changes", "--non-interactive");
  assert.equal(code, 0, output);
});

test("destroy takes the variable and the rules, and anyone may push again", async () => {
  const { code, output } = await lab.pulumi("destroy", "--yes", "--skip-preview", "--non-interactive");
  assert.equal(code, 0, output);
  assert.ok(!(await homelab.variableNames("homelab/site")).includes(variable));
  const answer = await fetch(`${lab.layout.settings.registry.url}/v2/site/open/blobs/uploads/`, { method: "POST" });
  assert.equal(answer.status, 202);
});
