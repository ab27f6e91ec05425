// Stands in for skopeo: a client of the OCI distribution API.
import { createHash } from "node:crypto";
import { Fatal } from "../errors.ts";
import { send } from "./http.ts";
import type { Answer } from "./http.ts";

/** A repository in a registry. */
export interface Repository {
  /** `registry.example:5000`. */
  readonly host: string;
  /** Path without the host. */
  readonly path: string;
}

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

export interface Manifest {
  readonly bytes: Buffer;
  readonly mediaType: string;
  /** Digest of `bytes`. */
  readonly digest: string;
}

export interface RegistryOptions {
  readonly credentials: Credentials | null;
  /** False also allows plain HTTP. */
  readonly verifyTls: boolean;
}

const MANIFEST_TYPES = [
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.docker.distribution.manifest.v2+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
];

/** A client of one repository. Errors have skopeo's messages and never contain credentials. */
export class RegistryClient {
  readonly repository: Repository;
  readonly #options: RegistryOptions;
  readonly #base: URL;

  private constructor(repository: Repository, options: RegistryOptions, base: URL) {
    this.repository = repository;
    this.#options = options;
    this.#base = base;
  }

  /** Finds out whether the registry uses HTTPS or HTTP. Does not check the credentials. */
  static async open(repository: Repository, options: RegistryOptions): Promise<RegistryClient> {
    const failures: string[] = [];
    for (const scheme of options.verifyTls ? ["https"] : ["https", "http"]) {
      const base = new URL(`${scheme}://${repository.host}/v2/`);
      try {
        await send(base, { method: "GET", verifyTls: options.verifyTls });
        return new RegistryClient(repository, options, base);
      } catch (error) {
        failures.push(`Get "${base.href}": ${reasonOf(error)}`);
      }
    }
    throw new Fatal(`pinging container registry ${repository.host}: ${failures.join("; ")}`);
  }

  /** `host/path`. */
  get name(): string {
    return `${this.repository.host}/${this.repository.path}`;
  }

  /** Whether the registry accepts the credentials. */
  async accepts(): Promise<boolean> {
    const { credentials, verifyTls } = this.#options;
    const { username = "", password = "" } = credentials ?? {};
    const headers = { Authorization: `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}` };
    return (await send(this.#base, { method: "GET", headers, verifyTls })).status === 200;
  }

  async hasBlob(digest: string): Promise<boolean> {
    const answer = await this.#request("HEAD", `blobs/${digest}`);
    if (answer.status === 404) return false;
    this.#expect(answer, [200], `checking whether a blob ${digest} exists in ${this.name}`);
    return true;
  }

  async getBlob(digest: string): Promise<Buffer> {
    const answer = await this.#request("GET", `blobs/${digest}`);
    const { body } = this.#expect(answer, [200], "fetching blob");
    if (digestOf(body) !== digest) throw new Fatal(`Digest did not match, expected ${digest}, got ${digestOf(body)}`);
    return body;
  }

  async putBlob(bytes: Buffer): Promise<string> {
    const digest = digestOf(bytes);
    const start = await this.#request("POST", "blobs/uploads/");
    this.#expect(
      start,
      [202],
      `initiating layer upload to ${this.#url("blobs/uploads/").pathname} in ${this.repository.host}`,
    );
    const sent = await this.#follow("PATCH", start, bytes);
    this.#expect(sent, [202, 204], "uploading layer chunked");
    const end = await this.#follow("PUT", sent, undefined, digest);
    this.#expect(end, [201], `uploading layer to ${this.name}`);
    return digest;
  }

  async getManifest(reference: string): Promise<Manifest> {
    const answer = await this.#request("GET", `manifests/${reference}`, { Accept: MANIFEST_TYPES.join(", ") });
    const { body } = this.#expect(answer, [200], `reading manifest ${reference} in ${this.name}`);
    return { bytes: body, mediaType: answer.header("content-type") ?? "", digest: digestOf(body) };
  }

  async putManifest(reference: string, manifest: Pick<Manifest, "bytes" | "mediaType">): Promise<void> {
    const type = { "Content-Type": manifest.mediaType };
    const answer = await this.#request("PUT", `manifests/${reference}`, type, manifest.bytes);
    this.#expect(answer, [200, 201, 202], `uploading manifest ${reference} to ${this.name}`);
  }

  /** Deletes the manifest that the reference points to, and so all its tags. */
  async deleteManifest(reference: string): Promise<void> {
    const found = await this.#request("GET", `manifests/${reference}`, { Accept: MANIFEST_TYPES.join(", ") });
    if (found.status === 404) {
      throw new Fatal(
        `Unable to delete ${this.name}:${reference}. Image may not exist or is not stored with a v2 Schema in a v2 registry`,
      );
    }
    this.#expect(found, [200], `Failed to delete ${this.name}:${reference}`);
    const path = `manifests/${digestOf(found.body)}`;
    const answer = await this.#request("DELETE", path);
    if (answer.status !== 202) {
      const text = answer.body.toString().trim();
      throw new Fatal(`Failed to delete ${this.#url(path).pathname}: ${text} (${answer.status} ${answer.statusText})`);
    }
  }

  async tags(): Promise<readonly string[]> {
    const found: string[] = [];
    let url: URL | undefined = this.#url("tags/list");
    while (url !== undefined) {
      const answer: Answer = await this.#send("GET", url);
      const { body } = this.#expect(answer, [200], "fetching tags list");
      const { tags } = JSON.parse(body.toString()) as { readonly tags: readonly string[] | null };
      found.push(...(tags ?? []));
      const next: string | undefined = /<([^>]+)>;\s*rel="?next"?/.exec(answer.header("link") ?? "")?.[1];
      url = next === undefined ? undefined : new URL(next, url);
    }
    return found;
  }

  /** Continues an upload at the URL that the registry returned. */
  #follow(method: string, previous: Answer, body?: Buffer, digest?: string): Promise<Answer> {
    const url = new URL(previous.header("location") ?? "", this.#base);
    if (digest !== undefined) url.searchParams.set("digest", digest);
    const headers = { "Content-Type": "application/octet-stream" };
    return this.#send(method, url, headers, body ?? Buffer.alloc(0));
  }

  #request(method: string, path: string, headers?: Record<string, string>, body?: Buffer): Promise<Answer> {
    return this.#send(method, this.#url(path), headers, body);
  }

  async #send(method: string, url: URL, headers: Record<string, string> = {}, body?: Buffer): Promise<Answer> {
    const { credentials, verifyTls } = this.#options;
    const own = credentials === null || url.host !== this.#base.host ? {} : { Authorization: basic(credentials) };
    try {
      return await send(url, {
        method,
        verifyTls,
        headers: { ...headers, ...own },
        ...(body === undefined ? {} : { body }),
      });
    } catch (error) {
      throw new Fatal(`${method} ${url.origin}${url.pathname}: ${reasonOf(error)}`);
    }
  }

  #url(path: string): URL {
    return new URL(`${this.repository.path}/${path}`, this.#base);
  }

  #expect(answer: Answer, wanted: readonly number[], what: string): Answer {
    if (wanted.includes(answer.status)) return answer;
    throw new Fatal(`${what}: ${refusalOf(answer)}`);
  }
}

export function digestOf(bytes: Buffer): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

function basic({ username, password }: Credentials): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}

/** `denied: requested access to the resource is denied`: the code in lower case and the registry's message. */
function refusalOf(answer: Answer): string {
  const error = firstError(answer.body.toString());
  if (error !== undefined) return `${error.code.toLowerCase().replaceAll("_", " ")}: ${error.message}`;
  // A response to HEAD has no body, only a status.
  if (answer.status === 401) return "unauthorized: authentication required";
  if (answer.status === 403) return "denied: requested access to the resource is denied";
  return `received unexpected HTTP status: ${answer.status} ${answer.statusText}`;
}

function firstError(body: string): { readonly code: string; readonly message: string } | undefined {
  try {
    const { errors } = JSON.parse(body) as { readonly errors?: readonly Readonly<Record<string, unknown>>[] };
    const error = errors?.[0];
    const code = error?.["code"];
    if (typeof code !== "string") return undefined;
    const message = error?.["message"];
    return { code, message: typeof message === "string" ? message : "" };
  } catch {
    return undefined;
  }
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "EPROTO" || message.includes("wrong version number")) {
    return "http: server gave HTTP response to HTTPS client";
  }
  return code === "ECONNREFUSED" ? "connect: connection refused" : message;
}
