import "../prepare.ts";
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import type { RunningServer } from "../../../lab/shared/listen.ts";
import { zotAuth } from "../../../provider/definition.ts";
import { ComponentResource } from "@pulumi/pulumi";
import { ZotAuthProvider } from "../../../components/parts/provider.ts";
import { ConfigMapPatch } from "@pulumi/kubernetes/core/v1/configMapPatch.js";
import { PatchCleanup } from "../../../components/parts/resources.ts";
import { deliver } from "../../../components/parts/blueprintDelivery.ts";
import { kubernetesProvider } from "../../../stack/providers.ts";
import { kubernetes as settings } from "../../../systems/kubernetes/settings.ts";
import { kubernetes } from "../../../toolchain/plugins/kubernetes/provider.ts";
import { Engine } from "../engine/engine.ts";
import type { Ended } from "../engine/engine.ts";
import { KUBECONFIGS, startCluster } from "../walk/stack/cluster.ts";

// Two stacks, each for a registry of its own, deliver their blueprints by one ConfigMap (docs/guides/second-registry.md).

let folder: string;
let cluster: RunningServer;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "zot-auth-shared-"));
  cluster = await startCluster(folder);
});
afterEach(async () => {
  await cluster.close();
  rmSync(folder, { recursive: true });
});

class Stack {
  readonly #engine = new Engine([zotAuth, kubernetes()]);

  async up(key: string, text: string): Promise<Ended> {
    const kubeconfig = join(folder, KUBECONFIGS[0]);
    return done(
      this.#engine.up(() => {
        deliver(
          "authentik",
          {
            authentikUrl: "http://127.0.0.1:9",
            authentikToken: "env:NONE",
            delivery: {
              kind: "configMap",
              namespace: "authentik",
              configMap: "authentik-blueprints",
              key,
              blueprintPath: `custom/${key}`,
            },
            argocd: undefined,
            kubernetes: { kubeconfig },
            place: `custom/${key}`,
            text,
            hash: "",
            appliedAfter: [],
            clientSecretVariable: "",
          },
          { parent: parentIn(kubeconfig) },
        );
      }),
    );
  }

  /** As an earlier version delivered: with one field manager for all keys. */
  async upEarlier(key: string, text: string): Promise<Ended> {
    const kubeconfig = join(folder, KUBECONFIGS[0]);
    const place = { namespace: "authentik", configMap: "authentik-blueprints" };
    return done(
      this.#engine.up(() => {
        const parent = parentIn(kubeconfig);
        const cleanup = new PatchCleanup("authentik-config-map-earlier", { kubeconfig, ...place }, { parent });
        const annotations = { "pulumi.com/patchFieldManager": "zot-auth", "pulumi.com/patchForce": "true" };
        const metadata = { name: place.configMap, namespace: place.namespace, annotations };
        const patch = { metadata, data: { [key]: text } };
        new ConfigMapPatch("authentik-blueprint", patch, { parent, deleteBeforeReplace: true, dependsOn: [cleanup] });
      }),
    );
  }

  async destroy(): Promise<Ended> {
    return done(this.#engine.destroy());
  }
}

function parentIn(kubeconfig: string): ComponentResource {
  const providers = [new ZotAuthProvider("zot-auth", {}), kubernetesProvider(settings.parse({ kubeconfig }))];
  return new ComponentResource("test:index:Delivery", "delivery", {}, { providers });
}

async function done(run: Promise<Ended>): Promise<Ended> {
  const ended = await run;
  assert.equal(ended.how, "done", ended.errors.join("\n"));
  return ended;
}

/** What Authentik's worker sees. */
async function seen(): Promise<Readonly<Record<string, string>>> {
  await new Promise((resolve) => setTimeout(resolve, 100));
  const blueprints = join(folder, "blueprints");
  return Object.fromEntries(
    readdirSync(blueprints)
      .filter((name) => name.endsWith(".yaml"))
      .map((name) => [name, readFileSync(join(blueprints, name), "utf8")]),
  );
}

test("each stack writes, renames and deletes its own key, and never the other one's", async () => {
  const [one, two] = [new Stack(), new Stack()];
  await one.up("zot.yaml", "first");
  await two.up("zot2.yaml", "second");
  assert.deepEqual(await seen(), { "zot.yaml": "first", "zot2.yaml": "second" });
  await one.up("zot.yaml", "changed");
  assert.deepEqual(await seen(), { "zot.yaml": "changed", "zot2.yaml": "second" });
  await two.up("other.yaml", "second");
  assert.deepEqual(await seen(), { "zot.yaml": "changed", "other.yaml": "second" });
  await one.destroy();
  assert.deepEqual(await seen(), { "other.yaml": "second" });
  await two.destroy();
  assert.deepEqual(await seen(), {});
});

test("what an earlier version wrote stays where it is, and has its own manager from the next up on", async () => {
  const [one, two] = [new Stack(), new Stack()];
  await one.upEarlier("zot.yaml", "first");
  await one.up("zot.yaml", "first");
  assert.deepEqual(await seen(), { "zot.yaml": "first" });
  await two.up("zot2.yaml", "second");
  await one.up("zot.yaml", "changed");
  assert.deepEqual(await seen(), { "zot.yaml": "changed", "zot2.yaml": "second" });
  await one.destroy();
  assert.deepEqual(await seen(), { "zot2.yaml": "second" });
});
