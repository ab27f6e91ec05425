import { request as httpRequest } from "node:http";
import type { IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { transportError } from "../transportError.ts";
import type { Access } from "../../../systems/kubernetes/kubeconfig.ts";

/** An object as the API server sends it. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Readonly<Record<string, unknown>> & { readonly name: string; readonly namespace?: string };
  readonly [key: string]: unknown;
}

/** The API server rejected the request or could not be reached. The message is client-go's. */
export class KubernetesError extends Error {
  /** HTTP status; 0 without a response. */
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = "KubernetesError";
    this.status = status;
  }
}

export interface Patch {
  readonly fieldManager: string;
  readonly force: boolean;
  readonly dryRun: boolean;
}

/** Reads and patches ConfigMaps through the API server. */
export class KubernetesClient {
  readonly #access: Access;
  readonly #signal: AbortSignal;

  constructor(access: Access, signal: AbortSignal) {
    this.#access = access;
    this.#signal = signal;
  }

  /** Checks with the official plugin's first request that the server responds and accepts the credentials. */
  async assertReachable(): Promise<void> {
    const response = await this.#send("GET", "/openapi/v2?timeout=32s");
    // The body, the schema of the whole cluster, is not needed.
    response.destroy();
    if (response.statusCode !== 200) throw refusal(response.statusCode ?? 0, "");
  }

  async get(namespace: string, name: string): Promise<KubernetesObject> {
    return this.#json("GET", pathOf(namespace, name));
  }

  /** Server-side apply. */
  async apply(
    object: KubernetesObject,
    namespace: string,
    { fieldManager, force, dryRun }: Patch,
  ): Promise<KubernetesObject> {
    const query = new URLSearchParams({ fieldManager, force: String(force), ...(dryRun ? { dryRun: "All" } : {}) });
    return this.#json("PATCH", `${pathOf(namespace, object.metadata.name)}?${query.toString()}`, object);
  }

  async #json(method: string, path: string, body?: object): Promise<KubernetesObject> {
    const response = await this.#send(method, path, body === undefined ? undefined : JSON.stringify(body));
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const { statusCode = 0 } = response;
    if (statusCode < 200 || statusCode > 299) throw refusal(statusCode, text);
    return JSON.parse(text) as KubernetesObject;
  }

  async #send(method: string, path: string, body?: string): Promise<IncomingMessage> {
    const { server, token, basic, ca, cert, key, insecure, serverName } = this.#access;
    const url = `${server}${path}`;
    const send = url.startsWith("https:") ? httpsRequest : httpRequest;
    const request = send(url, {
      method,
      signal: this.#signal,
      headers: {
        accept: "application/json",
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        // JSON is valid YAML.
        ...(body === undefined
          ? {}
          : { "content-type": "application/apply-patch+yaml", "content-length": Buffer.byteLength(body) }),
      },
      ...(basic === undefined || token !== undefined ? {} : { auth: `${basic.username}:${basic.password}` }),
      ca,
      cert,
      key,
      rejectUnauthorized: !insecure,
      ...(serverName === undefined ? {} : { servername: serverName }),
    });
    return new Promise((resolve, reject) => {
      request.once("response", resolve);
      request.once("error", (error) => {
        reject(this.#signal.aborted ? error : new KubernetesError(0, transportError(method, url, error)));
      });
      request.end(body);
    });
  }
}

function pathOf(namespace: string, name: string): string {
  return `/api/v1/namespaces/${encodeURIComponent(namespace)}/configmaps/${encodeURIComponent(name)}`;
}

function refusal(status: number, body: string): KubernetesError {
  if (status === 401) return new KubernetesError(status, "the server has asked for the client to provide credentials");
  return new KubernetesError(status, messageIn(body) ?? `the server responded with status ${status}`);
}

function messageIn(body: string): string | undefined {
  try {
    const status = JSON.parse(body) as { readonly message?: unknown };
    return typeof status.message === "string" ? status.message : undefined;
  } catch {
    return undefined;
  }
}
