import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { pathToFileURL } from "node:url";
import { attachPlugins } from "../../support/attachedPlugins.ts";
import { ask, kubeconfigOf, labApiServer, realApiServer, realApiServerMissing } from "./apiServers.ts";
import type { ApiServer } from "./apiServers.ts";

// Delivery through a ConfigMap that another field manager shares, with the real CLI: against the lab's API server, and a real one if available.

const PATH = "/api/v1/namespaces/authentik/configmaps/authentik-blueprints";
const APPLY = "application/apply-patch+yaml";

interface ConfigMap {
  readonly data?: Readonly<Record<string, string>>;
  readonly metadata: {
    readonly labels?: Readonly<Record<string, string>>;
    readonly managedFields?: readonly { readonly manager: string; readonly fieldsV1: unknown }[];
  };
}

class Project {
  readonly #folder: string;
  readonly #server: ApiServer;

  private constructor(folder: string, server: ApiServer) {
    this.#folder = folder;
    this.#server = server;
  }

  static async start(t: TestContext, open: (folder: string) => Promise<ApiServer>): Promise<Project> {
    const folder = mkdtempSync(join(tmpdir(), "zot-auth-configmap-"));
    const server = await open(folder);
    t.after(async () => {
      await server.close();
      rmSync(folder, { recursive: true, force: true });
    });
    for (const name of ["package.json", "stack", "provider", "node_modules"])
      symlinkSync(resolve(name), join(folder, name));
    mkdirSync(join(folder, "state"));
    writeFileSync(join(folder, "Pulumi.yaml"), readFileSync(resolve("Pulumi.yaml"), "utf8"));
    // By its address: a process that runs programs one after the other evaluates it again.
    const program = pathToFileURL(resolve("tests/engine/configMap/program.ts")).href;
    writeFileSync(join(folder, "index.ts"), `import "${program}";\n`);
    const project = new Project(folder, server);
    project.useKubeconfig("kubeconfig", server.url);
    await project.pulumi("stack", "init", "test");
    return project;
  }

  /** Lets the settings name a kubeconfig with this address of the API server. */
  useKubeconfig(name: string, url: string): void {
    writeFileSync(join(this.#folder, name), kubeconfigOf({ ...this.#server, url }), { mode: 0o600 });
    writeFileSync(join(this.#folder, "which"), name);
  }

  /** The API server by another name of this machine. */
  otherAddress(): string {
    return this.#server.url.replace("127.0.0.1", "localhost");
  }

  async pulumi(...args: readonly string[]): Promise<string> {
    const env: NodeJS.ProcessEnv = {
      ...process.env,
      PULUMI_BACKEND_URL: `file://${join(this.#folder, "state")}`,
      PULUMI_CONFIG_PASSPHRASE: "test",
    };
    delete env["PULUMI_CONFIG_PASSPHRASE_FILE"];
    delete env["NODE_TEST_CONTEXT"];
    const chunks: Buffer[] = [];
    const keep = (chunk: Buffer): void => void chunks.push(chunk);
    const plugins = await attachPlugins(env, keep);
    const child = spawn("pulumi", [...args, "--non-interactive"], { cwd: this.#folder, env: plugins.environment });
    for (const stream of [child.stdout, child.stderr]) stream.on("data", keep);
    const code = await new Promise<number | null>((done) => child.once("close", done));
    await plugins.close();
    const output = Buffer.concat(chunks).toString("utf8");
    assert.equal(code, 0, output);
    return output;
  }

  async up(text: string, ...more: readonly string[]): Promise<void> {
    writeFileSync(join(this.#folder, "text"), text);
    await this.pulumi("up", "--stack", "test", "--yes", "--skip-preview", ...more);
  }

  /** Applies data as another field manager, like Argo CD with ServerSideApply. */
  async apply(manager: string, data: Readonly<Record<string, string>>, force = false): Promise<number> {
    const metadata = { name: "authentik-blueprints", namespace: "authentik", labels: { owner: manager } };
    const body = { apiVersion: "v1", kind: "ConfigMap", metadata, data };
    const query = `?fieldManager=${manager}&force=${String(force)}`;
    return (await ask(this.#server, "PATCH", PATH + query, body, APPLY)).status;
  }

  async edit(data: Readonly<Record<string, string>>): Promise<void> {
    const path = `${PATH}?fieldManager=kubectl-edit`;
    assert.equal((await ask(this.#server, "PATCH", path, { data }, "application/merge-patch+json")).status, 200);
  }

  async get(): Promise<ConfigMap> {
    return (await ask(this.#server, "GET", PATH)).body as ConfigMap;
  }

  /** The data keys that a manager owns. */
  async owned(manager: string): Promise<readonly string[]> {
    const { managedFields = [] } = (await this.get()).metadata;
    return managedFields
      .filter((entry) => entry.manager === manager)
      .flatMap(({ fieldsV1 }) => Object.keys((fieldsV1 as { "f:data"?: object })["f:data"] ?? {}))
      .map((key) => key.slice(2))
      .sort();
  }
}

async function twoManagers(t: TestContext, open: (folder: string) => Promise<ApiServer>): Promise<void> {
  const project = await Project.start(t, open);
  const theirs = { "common.yaml": "c", "mfa.yaml": "m" };
  assert.equal(await project.apply("argocd", theirs), 201);

  await project.up("one");
  assert.deepEqual((await project.get()).data, { ...theirs, "zot.yaml": "one" });
  assert.deepEqual(await project.owned("argocd"), ["common.yaml", "mfa.yaml"], "the other manager keeps its fields");
  assert.deepEqual(await project.owned("zot-auth/zot.yaml"), ["zot.yaml"], "we own one key");
  assert.equal((await project.get()).metadata.labels?.["owner"], "argocd");

  await t.test("the other manager's apply has no conflict and keeps our key", async () => {
    assert.equal(await project.apply("argocd", { ...theirs, "common.yaml": "changed" }), 200);
    assert.deepEqual((await project.get()).data, { ...theirs, "common.yaml": "changed", "zot.yaml": "one" });
  });

  await t.test(
    "refresh detects a manual edit of our key and up reverts it; a manual edit of another key stays",
    async () => {
      await project.edit({ "zot.yaml": "edited", "mfa.yaml": "edited" });
      assert.deepEqual(await project.owned("zot-auth/zot.yaml"), []);
      const seen = await project.pulumi("preview", "--stack", "test", "--refresh", "--diff");
      assert.match(seen, /edited/);
      await project.up("one", "--refresh");
      assert.deepEqual((await project.get()).data, {
        "common.yaml": "changed",
        "mfa.yaml": "edited",
        "zot.yaml": "one",
      });
      assert.deepEqual(await project.owned("zot-auth/zot.yaml"), ["zot.yaml"]);
      assert.deepEqual(await project.owned("kubectl-edit"), ["mfa.yaml"]);
    },
  );

  await t.test("up takes back only the key that the other manager took", async () => {
    assert.equal(
      await project.apply("argocd", { "common.yaml": "c", "zot.yaml": "git" }),
      409,
      "our key causes a conflict",
    );
    assert.equal(await project.apply("argocd", { "common.yaml": "c", "zot.yaml": "git" }, true), 200);
    await project.up("two", "--refresh");
    const { data } = await project.get();
    assert.deepEqual([data?.["common.yaml"], data?.["zot.yaml"]], ["c", "two"]);
    assert.deepEqual(await project.owned("argocd"), ["common.yaml"]);
  });

  await t.test("another address of the same API server keeps our key", async () => {
    project.useKubeconfig("other-kubeconfig", project.otherAddress());
    const seen = await project.pulumi("preview", "--stack", "test");
    assert.match(seen, /~ .*pulumi:providers:kubernetes +kubernetes +update/);
    assert.doesNotMatch(seen, /replace|ConfigMapPatch +authentik-blueprint +(create|delete)/);
    await project.up("two");
    assert.equal((await project.get()).data?.["zot.yaml"], "two");
    assert.deepEqual(await project.owned("zot-auth/zot.yaml"), ["zot.yaml"]);
  });

  await t.test("destroy removes only our key", async () => {
    await project.pulumi("destroy", "--stack", "test", "--yes", "--skip-preview");
    assert.deepEqual((await project.get()).data, { "common.yaml": "c", "mfa.yaml": "edited" });
    assert.deepEqual(await project.owned("zot-auth/zot.yaml"), []);
  });
}

test("two managers of one ConfigMap, on the lab's API server", async (t) => {
  await twoManagers(t, labApiServer);
});

test(
  "two managers of one ConfigMap, on a real kube-apiserver with etcd",
  { skip: realApiServerMissing() ?? false },
  async (t) => {
    await twoManagers(t, realApiServer);
  },
);
