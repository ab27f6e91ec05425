import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import test from "node:test";
import { accessFrom } from "../../../systems/kubernetes/kubeconfig.ts";

const CONFIG = `
current-context: home
contexts:
  - {name: home, context: {cluster: home, user: me, namespace: work}}
  - {name: bare, context: {cluster: plain, user: me}}
clusters:
  - name: home
    cluster: {server: "https://home:6443/", certificate-authority: pki/ca.crt, tls-server-name: api}
  - {name: plain, cluster: {server: "http://plain:8080"}}
  - {name: loose, cluster: {server: "https://loose", insecure-skip-tls-verify: true}}
users:
  - {name: me, user: {token: t, client-certificate-data: ${btoa("cert")}, client-key: pki/me.key}}
  - {name: cloud, user: {exec: {command: ./aws, args: [eks], env: [{name: REGION, value: eu}], apiVersion: client.authentication.k8s.io/v1beta1}}}
`;

await test("kubeconfig", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "zot-auth-kubeconfig-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "config");
  writeFileSync(file, CONFIG);
  mkdirSync(join(folder, "pki"));
  writeFileSync(join(folder, "pki", "ca.crt"), "ca");
  writeFileSync(join(folder, "pki", "me.key"), "key");

  await t.test("a path: uses the current context, and resolves files relative to the kubeconfig", () => {
    assert.deepEqual(accessFrom(file, {}), {
      server: "https://home:6443",
      namespace: "work",
      insecure: false,
      ca: Buffer.from("ca"),
      serverName: "api",
      token: "t",
      cert: Buffer.from("cert"),
      key: Buffer.from("key"),
    });
  });

  await t.test("contents: the provider's settings select the context; without TLS no credentials are sent", () => {
    assert.deepEqual(accessFrom(CONFIG, { context: "bare" }), {
      server: "http://plain:8080",
      namespace: "default",
      insecure: false,
    });
    const { server, insecure, namespace } = accessFrom(file, { cluster: "loose", namespace: "other" });
    assert.deepEqual([server, insecure, namespace], ["https://loose", true, "other"]);
    assert.equal(
      accessFrom(JSON.stringify({ clusters: [{ name: "a", cluster: { server: "http://a" } }] }), { cluster: "a" })
        .server,
      "http://a",
    );
  });

  await t.test("default: KUBECONFIG, where the first file with an entry wins", (t2) => {
    const other = join(folder, "other");
    writeFileSync(other, "clusters: [{name: plain, cluster: {server: 'http://first'}}]\n");
    const before = process.env["KUBECONFIG"];
    t2.after(() => {
      if (before === undefined) delete process.env["KUBECONFIG"];
      else process.env["KUBECONFIG"] = before;
    });
    process.env["KUBECONFIG"] = [other, join(folder, "missing"), file].join(delimiter);
    assert.equal(accessFrom(undefined, { context: "bare" }).server, "http://first");
    process.env["KUBECONFIG"] = join(folder, "missing");
    assert.throws(() => accessFrom(undefined, {}), /no configuration has been provided/);
  });

  await t.test("a credential plugin: its command is relative to the kubeconfig", () => {
    const cloud = join(folder, "cloud");
    writeFileSync(cloud, CONFIG.replace("user: me, namespace", "user: cloud, namespace"));
    assert.deepEqual(accessFrom(cloud, {}).exec, {
      command: join(folder, "aws"),
      args: ["eks"],
      env: { REGION: "eu" },
      apiVersion: "client.authentication.k8s.io/v1beta1",
    });
  });

  await t.test("reports unknown names and unsupported authentication", () => {
    assert.throws(() => accessFrom(file, { context: "no" }), /^Error: context "no" does not exist$/);
    assert.throws(() => accessFrom(file, { cluster: "no" }), /^Error: cluster "no" does not exist$/);
    const old = CONFIG.replace("user: {token: t,", "user: {auth-provider: {name: gcp},").replaceAll(
      "pki/",
      `${folder}/pki/`,
    );
    assert.throws(() => accessFrom(old, {}), /authenticates with auth-provider/);
  });
});
