import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { startKubernetes } from "../../../lab/kubernetes/server.ts";
import type { KubernetesOptions } from "../../../lab/kubernetes/server.ts";

export interface Reply {
  readonly status: number;
  /** The response body, with the fields that tests read. */
  readonly body: ConfigMap & { readonly message: string; readonly reason: string };
}

export interface ConfigMap {
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly labels?: Record<string, string>;
    readonly annotations?: Record<string, string>;
    readonly managedFields?: readonly { manager: string; operation: string; fieldsV1: unknown }[];
  };
  readonly data?: Record<string, string>;
}

export interface RequestOptions {
  readonly type?: string;
  readonly token?: string;
  readonly headers?: Record<string, string>;
}

/** A cluster with the namespace `authentik`, deleted after the test. */
export class TestCluster {
  readonly url: string;

  private constructor(url: string) {
    this.url = url;
  }

  static async start(t: TestContext, options: Partial<KubernetesOptions> = {}): Promise<TestCluster> {
    const server = await startKubernetes({
      port: 0,
      data: temporaryDirectory(t),
      seed: { namespaces: ["authentik"] },
      ...options,
    });
    t.after(() => server.close());
    return new TestCluster(server.url);
  }

  async request(method: string, path: string, body?: unknown, options: RequestOptions = {}): Promise<Reply> {
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: {
        "content-type": options.type ?? "application/json",
        ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }),
        ...options.headers,
      },
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Reply["body"] };
  }

  /** Server-side apply. Without keys, the manager gives up those it owns. */
  apply(manager: string, data: Record<string, string>, query = "", namespace = "authentik"): Promise<Reply> {
    const body = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "blueprints", namespace } };
    const path = `/api/v1/namespaces/${namespace}/configmaps/blueprints?fieldManager=${manager}${query}`;
    const whole = Object.keys(data).length === 0 ? body : { ...body, data };
    return this.request("PATCH", path, whole, { type: "application/apply-patch+yaml" });
  }

  patch(manager: string, body: unknown, type = "application/merge-patch+json"): Promise<Reply> {
    return this.request("PATCH", `${blueprints}?fieldManager=${manager}`, body, { type });
  }

  async get(): Promise<ConfigMap> {
    return (await this.request("GET", blueprints)).body;
  }

  /** The owned fields by manager: `zot-auth/Apply` → its FieldsV1. */
  async owners(): Promise<Record<string, unknown>> {
    const { managedFields = [] } = (await this.get()).metadata;
    return Object.fromEntries(
      managedFields.map(({ manager, operation, fieldsV1 }) => [`${manager}/${operation}`, fieldsV1]),
    );
  }
}

export const configMaps = "/api/v1/namespaces/authentik/configmaps";
export const blueprints = `${configMaps}/blueprints`;

export function temporaryDirectory(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "zot-auth-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** Waits until `look` returns a value. Throws after 5 seconds. */
export async function until<T>(what: string, look: () => T | undefined | Promise<T | undefined>): Promise<T> {
  const deadline = Date.now() + 5000;
  while (Date.now() < deadline) {
    const found = await look();
    if (found !== undefined) return found;
    await sleep(10);
  }
  throw new Error(`Timed out after 5 s waiting for ${what}.`);
}
