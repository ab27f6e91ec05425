import type { Blob, ProbeImage } from "./probeImage.ts";
import { again } from "../../../../core/http/retryAttempt.ts";
import { HttpResponse, isUnavailable, request, unexpected } from "../../../../core/http/http.ts";
import type { RequestOptions } from "../../../../core/http/http.ts";
import { authenticate, zotEndpoint } from "../../client.ts";
import type { ZotCredentials } from "../../client.ts";

const CREATED = new HttpResponse(201, {}, "");

/** The OCI distribution API of a registry, as far as the proofs need it. Without credentials it is anonymous. */
export class Registry {
  readonly #url: string;
  readonly #credentials: ZotCredentials | undefined;
  readonly #signal: AbortSignal;

  constructor(url: string, credentials: ZotCredentials | undefined, signal: AbortSignal) {
    this.#url = url;
    this.#credentials = credentials;
    this.#signal = signal;
  }

  /** @param userAgent of another client: some get another answer */
  async ping(userAgent?: string): Promise<number> {
    return (await this.#request("/v2/", userAgent === undefined ? {} : { headers: { "user-agent": userAgent } }))
      .status;
  }

  async get(path: string, options: Pick<RequestOptions, "timeout"> = {}): Promise<HttpResponse> {
    return this.#request(path, options);
  }

  /** Begins an upload; the status alone says whether creating is allowed. zot's garbage collection removes the upload. */
  async startUpload(repository: string): Promise<HttpResponse> {
    return this.#request(`/v2/${repository}/blobs/uploads/`, { method: "POST", idempotent: true });
  }

  /** Uploads an image's missing blobs. */
  async uploadBlobs(repository: string, image: ProbeImage): Promise<void> {
    for (const blob of image.blobs) {
      const head = await this.#request(`/v2/${repository}/blobs/${blob.digest}`, { method: "HEAD" });
      // An upload session that broke is not resumed: the whole blob is small.
      if (head.status !== 200) await again(async () => this.#upload(repository, blob), this.#signal);
    }
  }

  /** Pushes the manifest by tag, or by digest: then it is untagged, and the garbage collection removes it. */
  async putManifest(repository: string, image: ProbeImage, tag?: string): Promise<HttpResponse> {
    const path = `/v2/${repository}/manifests/${tag ?? image.manifest.digest}`;
    return again(
      async () => {
        const response = await this.#request(path, {
          method: "PUT",
          body: image.manifest.bytes,
          // After a lost response, sending it again would overwrite the tag, which a create-only account may not do.
          idempotent: tag === undefined,
          headers: { "content-type": image.mediaType },
        });
        if (isUnavailable(response))
          throw unexpected(zotEndpoint(this.#url), `accept a manifest in ${repository}`, response);
        return response;
      },
      this.#signal,
      async () => {
        const seen = tag === undefined ? undefined : await this.#request(path, { method: "HEAD" });
        return seen?.header("docker-content-digest") === image.manifest.digest ? CREATED : undefined;
      },
    );
  }

  /** Pushes something that is no manifest: zot rejects it with 403 without the permission, and with 400 otherwise. */
  async putNoManifest(repository: string, tag: string): Promise<HttpResponse> {
    return this.#request(`/v2/${repository}/manifests/${tag}`, {
      method: "PUT",
      body: "{}",
      headers: { "content-type": "application/vnd.oci.image.manifest.v1+json" },
    });
  }

  async headManifest(repository: string, reference: string): Promise<number> {
    return (await this.#request(`/v2/${repository}/manifests/${reference}`, { method: "HEAD" })).status;
  }

  async deleteManifest(repository: string, reference: string): Promise<HttpResponse> {
    return this.#request(`/v2/${repository}/manifests/${reference}`, { method: "DELETE" });
  }

  async #upload(repository: string, blob: Blob): Promise<void> {
    const endpoint = zotEndpoint(this.#url);
    const started = await this.startUpload(repository);
    const location = started.header("location");
    if (started.status !== 202 || location === undefined)
      throw unexpected(endpoint, `begin an upload to ${repository}`, started);
    const target = new URL(location, this.#url);
    target.searchParams.set("digest", blob.digest);
    const finished = await this.#request(target.pathname + target.search, {
      method: "PUT",
      body: blob.bytes,
      // It ends the upload session.
      idempotent: false,
      headers: { "content-type": "application/octet-stream" },
    });
    if (finished.status !== 201) throw unexpected(endpoint, `accept an upload to ${repository}`, finished);
  }

  async #request(path: string, options: RequestOptions = {}): Promise<HttpResponse> {
    const endpoint = zotEndpoint(this.#url);
    const headers = {
      accept: "application/vnd.oci.image.manifest.v1+json, */*",
      ...(await authenticate(endpoint, this.#credentials)),
    };
    return request(endpoint, path, { ...options, signal: this.#signal, headers: { ...headers, ...options.headers } });
  }
}
