import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { stringify } from "yaml";
import type { Application, Operation } from "../../../lab/argocd/application.ts";
import { startArgoCd } from "../../../lab/argocd/server.ts";
import type { ApplicationOptions, ArgoCdOptions } from "../../../lab/argocd/server.ts";
import { TestCluster, temporaryDirectory, until } from "../kubernetes/support.ts";

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The JSON body, with the fields that tests read. */
  readonly body: Application & { readonly operation: Operation; readonly code: number; readonly message: string };
}

const quick = { pickUpMs: 5, syncMs: 10, settleMs: 10 };

/** A cluster, an Argo CD with the application `authentik`, and the folder that represents its Git repository. */
export class TestArgoCd {
  readonly url: string;
  readonly cluster: TestCluster;
  readonly gitDirectory: string;

  private constructor(url: string, cluster: TestCluster, git: string) {
    this.url = url;
    this.cluster = cluster;
    this.gitDirectory = git;
  }

  static async start(
    t: TestContext,
    options: Partial<ArgoCdOptions> & { readonly application?: Partial<ApplicationOptions> } = {},
  ): Promise<TestArgoCd> {
    const cluster = await TestCluster.start(t);
    const git = join(temporaryDirectory(t), "git");
    mkdirSync(git);
    const server = await startArgoCd({
      port: 0,
      data: temporaryDirectory(t),
      kubernetesUrl: cluster.url,
      kubernetesToken: "controller",
      accounts: [{ name: "workflow-bot", token: "bot" }],
      applications: [{ name: "authentik", namespace: "authentik", manifestsDirectory: git, ...options.application }],
      timings: quick,
      ...options,
    });
    t.after(() => server.close());
    return new TestArgoCd(server.url, cluster, git);
  }

  /** Sets the keys of the ConfigMap in Git. */
  commit(data: Record<string, string>): void {
    this.commitFile("configmap.yaml", stringify(configMap("blueprints", data)));
  }

  commitFile(name: string, text: string): void {
    writeFileSync(join(this.gitDirectory, name), text);
  }

  removeFile(name: string): void {
    rmSync(join(this.gitDirectory, name));
  }

  async request(
    method: string,
    path: string,
    options: { readonly body?: unknown; readonly token?: string; readonly type?: string } = {},
  ): Promise<Reply> {
    const { body: sent, token = "bot", type = "application/json" } = options;
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: {
        ...(token === "" ? {} : { authorization: `Bearer ${token}` }),
        ...(type === "" ? {} : { "content-type": type }),
      },
      ...(sent === undefined ? {} : { body: typeof sent === "string" ? sent : JSON.stringify(sent) }),
    });
    const text = await response.text();
    const isJson = response.headers.get("content-type")?.startsWith("application/json") === true;
    const body = (isJson ? JSON.parse(text) : undefined) as Reply["body"];
    return { status: response.status, headers: response.headers, text, body };
  }

  post(body: unknown = {}): Promise<Reply> {
    return this.request("POST", `${application}/sync`, { body });
  }

  async get(query = ""): Promise<Application> {
    return (await this.request("GET", `${application}${query}`)).body;
  }

  /** Syncs, and waits until the operation has ended and the application was compared. */
  async sync(body: unknown = {}): Promise<Application> {
    const { revision } = (await this.post(body)).body.operation.sync;
    await this.ended();
    return until(`the comparison with ${revision}`, async () => {
      const found = await this.get();
      return found.status.sync.revision === revision && found.status.sync.status !== "OutOfSync" ? found : undefined;
    });
  }

  ended(): Promise<Application> {
    return until("the operation's end", async () => {
      const found = await this.get();
      return found.operation === undefined && found.status.operationState !== undefined ? found : undefined;
    });
  }

  async data(): Promise<Record<string, string> | undefined> {
    return (await this.cluster.get()).data;
  }
}

export const application = "/api/v1/applications/authentik";

export function configMap(name: string, data: unknown, namespace?: string): unknown {
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
    data,
  };
}
