import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import type { TestContext } from "node:test";
import { kubeconfig, startKubernetes } from "../../../lab/kubernetes/server.ts";
import { adapt } from "../../../provider/adapter.ts";
import type { Values } from "../../../provider/grpc/types.ts";
import { configMapMissing, lookForConfigMap } from "../../../systems/kubernetes/configMap.ts";
import { preflight } from "../../../systems/preflight/preflight.ts";
import type { PreflightInputs } from "../../../systems/preflight/preflight.ts";
import { testContext } from "../../support/provider.ts";

const NAMESPACE = "authentik";
const HASHED = "authentik-blueprints-7f8d9cmk2t";

interface Cluster {
  place(
    configMap: string,
    token?: string,
  ): { readonly kubeconfig: string; readonly namespace: string; readonly configMap: string; readonly key: string };
}

async function start(t: TestContext): Promise<Cluster> {
  const folder = mkdtempSync(join(tmpdir(), "zot-auth-config-map-"));
  const server = await startKubernetes({
    port: 0,
    data: folder,
    anonymous: {},
    seed: {
      namespaces: [NAMESPACE],
      configMaps: ["kube-root-ca.crt", HASHED].map((name) => ({
        namespace: NAMESPACE,
        name,
        data: { "a.yaml": "text" },
      })),
    },
  });
  t.after(async () => {
    await server.close();
    rmSync(folder, { recursive: true });
  });
  return {
    place: (configMap) => {
      const file = join(folder, "kubeconfig");
      writeFileSync(file, kubeconfig(server.url, "unused"));
      return { kubeconfig: file, namespace: NAMESPACE, configMap, key: "zot.yaml" };
    },
  };
}

const signal = (): AbortSignal => AbortSignal.timeout(10_000);

test("a ConfigMap that exists, one that does not, and a namespace that does not", async (t) => {
  const cluster = await start(t);
  assert.deepEqual(await lookForConfigMap(cluster.place(HASHED), signal()), { kind: "exists", hasKey: false });
  const missing = cluster.place("authentik-blueprints");
  const seen = await lookForConfigMap(missing, signal());
  assert.ok(seen.kind === "absent" && typeof seen.names !== "string");
  const { code, message } = configMapMissing(missing, seen.names);
  assert.equal(code, "CONFIG_MAP_MISSING");
  assert.match(
    message,
    /^The ConfigMap "authentik-blueprints" \(kubernetes\.configMap\) does not exist in the namespace "authentik"/,
  );
  assert.match(
    message,
    /Similar names there: authentik-blueprints-7f8d9cmk2t\. Set kubernetes\.configMap .* A name that ends in a hash changes .*disableNameSuffixHash/,
  );
  const nowhere = await lookForConfigMap({ ...missing, namespace: "auth" }, signal());
  assert.ok(nowhere.kind === "absent");
  assert.match(configMapMissing(missing, nowhere.names).message, /The namespace has no ConfigMaps, or does not exist/);
});

test("what may not be read is said: the list, the ConfigMap itself, a cluster that is down, a kubeconfig that is missing", async (t) => {
  const cluster = await start(t);
  const forbidden = 'configmaps is forbidden: User "ci" cannot list resource "configmaps"';
  assert.match(
    configMapMissing(cluster.place("zot"), forbidden).message,
    /Its namespace's ConfigMaps cannot be listed \(configmaps is forbidden/,
  );
  const folder = mkdtempSync(join(tmpdir(), "zot-auth-kubeconfig-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const at = (url: string): string => {
    const file = join(folder, `kubeconfig-${new URL(url).port}`);
    writeFileSync(file, kubeconfig(url, "unused"));
    return file;
  };
  const answering = await startKubernetes({
    port: 0,
    data: folder,
    tokens: [],
    anonymous: { verbs: ["get"] },
    seed: { namespaces: [NAMESPACE] },
  });
  t.after(async () => answering.close());
  const named = { namespace: NAMESPACE, configMap: "zot", key: "zot.yaml" };
  const seen = await lookForConfigMap({ ...named, kubeconfig: at(answering.url) }, signal());
  assert.ok(seen.kind === "absent" && typeof seen.names === "string");
  assert.match(seen.names, /^configmaps is forbidden: User "system:anonymous" cannot list resource "configmaps"/);
  const denied = await startKubernetes({ port: 0, data: join(folder, "denied"), tokens: [] });
  t.after(async () => denied.close());
  for (const [config, why] of [
    [at(denied.url), /forbidden/],
    [at("http://127.0.0.1:9"), /ECONNREFUSED/],
    [join(folder, "none"), /ENOENT/],
  ] as const) {
    const unknown = await lookForConfigMap({ ...named, kubeconfig: config }, signal());
    assert.ok(unknown.kind === "unknown");
    assert.match(unknown.why, why);
  }
});

test("a preview fails because of a missing ConfigMap, and only warns where the cluster cannot be asked", async (t) => {
  const cluster = await start(t);
  const preview = async (configMap: object, state?: object): Promise<string> => {
    const context = testContext();
    const inputs = { configMap, argocd: null } as unknown as PreflightInputs;
    await adapt(preflight).preview(inputs as unknown as Values, state as Values | undefined, context);
    return context.warned.join();
  };
  const missing = cluster.place("authentik-blueprints");
  await assert.rejects(
    preview(missing),
    /The ConfigMap "authentik-blueprints" \(kubernetes\.configMap\) does not exist/,
  );
  assert.equal(await preview(cluster.place(HASHED)), "");
  assert.equal(
    await preview({ ...cluster.place(HASHED), key: "a.yaml" }),
    `The key a.yaml of the ConfigMap authentik/${HASHED} exists already; \`up\` overwrites what it holds.`,
  );
  assert.equal(
    await preview(missing, { configMap: missing, drift: "" }),
    "",
    "an existing stack's preview does not ask",
  );
  assert.match(
    await preview({ ...missing, kubeconfig: "/nonexistent" }),
    /^Whether the ConfigMap authentik\/authentik-blueprints exists is unknown; .*ENOENT/,
  );
});
