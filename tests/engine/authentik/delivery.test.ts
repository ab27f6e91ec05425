import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { pathsOf } from "../../../lab/homelab/layout.ts";
import { EngineLab } from "../support/harness.ts";
import type { PulumiResult } from "../support/harness.ts";
import { Homelab } from "../support/homelab.ts";

// The whole program without Kubernetes and Argo CD, with the real CLI: delivery through a file in a GitOps repository, or Authentik's API.

let lab: EngineLab;
let homelab: Homelab;

/** The settings have neither a cluster nor Argo CD, and KUBECONFIG names a file that does not exist. */
before(async () => {
  process.env["KUBECONFIG"] = "/nowhere/kubeconfig";
  lab = await EngineLab.start((config) => {
    for (const group of ["kubernetes", "argocd", "acceptance"]) Reflect.deleteProperty(config, `zot-auth:${group}`);
    config["zot-auth:authentik"] = { ...(config["zot-auth:authentik"] as object), delivery: "api" };
  });
  homelab = new Homelab(lab);
  // In the other tests, a blueprint from Git creates this group.
  assert.equal((await homelab.authentik("/core/groups/", "POST", { name: "admins" })).status, 201);
});
after(async () => lab.stop());

function change(values: Record<string, unknown>): void {
  lab.changeSettings((config) => {
    config["zot-auth:authentik"] = { ...(config["zot-auth:authentik"] as object), ...values };
  });
}

const spaced = ({ output }: PulumiResult): string => output.replaceAll(/\s+/g, " ");
const preview = async (...args: readonly string[]) => lab.pulumi("preview", "--non-interactive", ...args);

async function applicationName(): Promise<unknown> {
  const { status, body } = await homelab.authentik("/core/applications/zot/");
  return status === 200 ? (body as { name: string }).name : status;
}

test("delivery by file: previews, writes, waits for a push, and removes on destroy", async () => {
  const clone = join(lab.directory, "clone");
  mkdirSync(clone);
  const file = join(clone, "zot.yaml");
  change({ delivery: `file:${file}`, applyTimeout: "3 seconds" });
  /** Has the effect of a push and its deployment: the worker sees the file. */
  const push = (): void => writeFileSync(join(pathsOf(lab.layout).blueprints, "zot.yaml"), readFileSync(file, "utf8"));

  const waiting = await lab.up();
  assert.notEqual(waiting.code, 0);
  assert.ok(existsSync(file));
  assert.match(spaced(waiting), /Commit and push it: git -C \S+ add -A -- zot\.yaml && git -C/);
  assert.match(
    spaced(waiting),
    /Timed out after 3 seconds waiting for Authentik's worker to see the new custom\/zot\.yaml\..*commit and push that file/,
  );
  assert.doesNotMatch(waiting.output, /providers:kubernetes|ConfigMapPatch|argocd/, "no request to a cluster");

  change({ applyTimeout: "1 minute" });
  push();
  const done = await lab.up();
  assert.equal(done.code, 0, done.output);
  assert.equal(await applicationName(), "Zot Registry");
  assert.equal((await preview("--expect-no-changes")).code, 0);

  change({ applicationName: "Images" });
  const planned = await preview("--diff");
  assert.match(planned.output, /authentik:BlueprintFile: \(update\)[^]*"Zot Registry" => "Images"/);
  assert.ok(!readFileSync(file, "utf8").includes("Images"), "a preview writes nothing");
  const second = lab.up();
  while (!readFileSync(file, "utf8").includes("Images")) await delay(50);
  push();
  const changed = await second;
  assert.equal(changed.code, 0, changed.output);
  assert.equal(await applicationName(), "Images");

  const destroyed = await lab.pulumi("destroy", "--yes", "--skip-preview", "--non-interactive");
  assert.equal(destroyed.code, 0, destroyed.output);
  assert.ok(!existsSync(file));
  assert.match(spaced(destroyed), /was deleted in your clone\. Commit and push it/);
  assert.equal(await applicationName(), 404);
  rmSync(join(pathsOf(lab.layout).blueprints, "zot.yaml")); // a push of the deletion
});

test("delivery through Authentik's API: previews, applies, changes, restores deleted objects, and removes on destroy", async () => {
  change({ delivery: "api", applicationName: undefined });
  const instances = async (): Promise<readonly { pk: string; name: string }[]> => {
    const { body } = await homelab.authentik("/managed/blueprints/?page_size=100");
    return (body as { results: { pk: string; name: string }[] }).results.filter(({ name }) =>
      name.startsWith("zot-auth"),
    );
  };
  const first = await lab.up();
  assert.equal(first.code, 0, first.output);
  assert.doesNotMatch(first.output, /providers:kubernetes|ConfigMapPatch|argocd/, "no request to a cluster");
  assert.match(homelab.ciKey("homelab/apps") ?? "", /^zak_/);
  assert.equal((await instances()).length, 1);
  assert.equal((await preview("--expect-no-changes")).code, 0);

  change({ applicationName: "Images" });
  const changed = await lab.up();
  assert.equal(changed.code, 0, changed.output);
  assert.equal(await applicationName(), "Images");
  assert.equal((await instances()).length, 1, "only one blueprint instance");

  const [instance] = await instances();
  assert.equal((await homelab.authentik(`/managed/blueprints/${instance?.pk ?? ""}/`, "DELETE")).status, 204);
  const repaired = await lab.pulumi("up", "--refresh", "--yes", "--skip-preview", "--non-interactive");
  assert.equal(repaired.code, 0, repaired.output);
  assert.equal((await instances()).length, 1);

  assert.ok(!lab.stateText().includes(lab.secrets.clientSecret), "the state does not contain the client secret");
  const destroyed = await lab.pulumi("destroy", "--yes", "--skip-preview", "--non-interactive");
  assert.equal(destroyed.code, 0, destroyed.output);
  assert.deepEqual(await instances(), []);
  assert.equal(await applicationName(), 404);
});
