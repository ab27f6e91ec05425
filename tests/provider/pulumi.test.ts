// The plugins and a test provider with the real engine: the CLI's output and the state.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { kubeconfig, startKubernetes } from "../../lab/kubernetes/server.ts";
import { startConnect } from "../../lab/onePassword/server.ts";
import { PRELOAD, Project } from "../toolchain/support/project.ts";

const PROGRAM = `
import { Config, CustomResource, secret } from "@pulumi/pulumi";
import { getItemOutput } from "@1password/pulumi-onepassword/getItem.js";
import { Provider as OnePassword } from "@1password/pulumi-onepassword/provider.js";
import { Command } from "@pulumi/command/local/command.js";
import { runOutput } from "@pulumi/command/local/run.js";
import { ConfigMapPatch } from "@pulumi/kubernetes/core/v1/configMapPatch.js";
import { Provider as Kubernetes } from "@pulumi/kubernetes/provider.js";
const config = new Config();
const [port, mode] = [config.require("port"), config.require("mode")];
const onePassword = new OnePassword("vault", { url: config.require("connect"), token: secret("good") });
const kubernetes = new Kubernetes("cluster", { kubeconfig: config.require("kubeconfig") });
const item = getItemOutput({ vault: "blumeops", title: "Authentik" }, { provider: onePassword });
const command = new Command("write", {
  create: runOutput({ command: "echo cat" }).stdout,
  delete: "echo removed >> " + config.require("log"),
  stdin: JSON.stringify({ http: { port } }),
});
const fed = new Command("fed", { create: "cat", stdin: secret(item.apply((found) => found.credential)) });
new ConfigMapPatch("patch", {
  metadata: { name: "blueprints", namespace: "authentik", annotations: { "pulumi.com/patchFieldManager": "zot-auth", "pulumi.com/patchForce": "true" } },
  data: { "zot.yaml": "port: " + port + "\\n" },
}, { provider: kubernetes });
new CustomResource("fixture:index:Thing", "thing", { mode, password: secret("p4ssword") });
export const printed = command.stdout;
export const credential = fed.stdout;
`;

await test("the life of a stack with the real engine", async (t) => {
  const data = mkdtempSync(join(tmpdir(), "zot-auth-engine-"));
  const cluster = await startKubernetes({
    port: 0,
    data: join(data, "kubernetes"),
    seed: {
      namespaces: ["authentik"],
      configMaps: [{ namespace: "authentik", name: "blueprints", data: { other: "x" } }],
    },
  });
  const connect = await startConnect({
    port: 0,
    data: join(data, "connect"),
    seed: {
      tokens: [{ token: "good", vaults: { blumeops: "read" } }],
      vaults: [
        {
          name: "blumeops",
          items: [{ title: "Authentik", fields: [{ id: "credential", label: "credential", value: "cr3dential" }] }],
        },
      ],
    },
  });
  using project = new Project(PROGRAM, {
    runtime: { name: "nodejs", options: { typescript: false, nodeargs: `--import ${PRELOAD}` } },
    plugins: { providers: [{ name: "fixture", path: join(import.meta.dirname, "fixtures") }] },
  });
  t.after(async () => {
    await Promise.all([cluster.close(), connect.close()]);
    rmSync(data, { recursive: true });
  });
  const ok = async (...args: string[]) => {
    const { code, output } = await project.pulumi(...args);
    assert.equal(code, 0, output);
    return output;
  };
  const set = async (values: Record<string, string>) =>
    ok("config", "set-all", ...Object.entries(values).flatMap(([name, value]) => ["--plaintext", `${name}=${value}`]));
  const live = async () => {
    const answer = await fetch(`${cluster.url}/api/v1/namespaces/authentik/configmaps/blueprints`);
    return ((await answer.json()) as { readonly data: unknown }).data;
  };
  await ok("stack", "init");
  await set({
    port: "5050",
    mode: "ok",
    connect: connect.url,
    kubeconfig: kubeconfig(cluster.url, ""),
    log: join(data, "removed"),
  });

  await t.test("up creates everything, and secrets stay secret", async () => {
    const output = await ok("up", "--yes", "--skip-preview");
    assert.match(output, /\+ 7 created/);
    assert.match(output, /printed *: \(json\) \{\s+http: \{\s+port: "5050"/);
    assert.match(output, /credential: \[secret\]/);
    assert.deepEqual(await live(), { other: "x", "zot.yaml": "port: 5050\n" });
    const state = await ok("stack", "export");
    for (const kept of ["cr3dential", "p4ssword"]) assert.doesNotMatch(state, new RegExp(kept));
    assert.match(state, /"token": \{\s+"4dabf18193072939515e22adb298388d"/);
  });

  await t.test("without changes, the preview is empty", async () => {
    assert.match(await ok("preview", "--expect-no-changes"), /7 unchanged/);
  });

  await t.test("a preview shows a change by key, and changes nothing", async () => {
    await set({ port: "5051" });
    const output = await ok("preview", "--diff");
    assert.match(output, /~ stdin: \(json\) \{\s+~ http: \{\s+~ port: "5050" => "5051"/);
    assert.match(output, /~ data: \{\s+~ zot\.yaml:\s+- port: 5050\s+\+ port: 5051/);
    assert.match(output, /~ 2 to update/);
    assert.deepEqual(await live(), { other: "x", "zot.yaml": "port: 5050\n" });
  });

  await t.test("a failed update shows one clear sentence and keeps its partial state", async () => {
    await set({ mode: "partial" });
    project.write("index.ts", PROGRAM.replace('"thing"', '"second"'));
    const { code, output } = await project.pulumi("up", "--yes", "--skip-preview");
    assert.notEqual(code, 0);
    assert.match(output, /\* the second half/);
    const state = await ok("stack", "export");
    assert.match(state, /"id": "half"/);
    assert.match(state, /"initErrors": \[\s+"the second half"/);
  });

  await t.test("destroy removes everything except the others' keys", async () => {
    await ok("destroy", "--yes", "--skip-preview");
    assert.deepEqual(await live(), { other: "x" });
    assert.equal(readFileSync(join(data, "removed"), "utf8"), "removed\n");
  });
});
