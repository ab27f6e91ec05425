// Small images for the tests, byte for byte as in the recorded matrix.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";

export const manifestType = "application/vnd.oci.image.manifest.v1+json";

export function digestOf(content: string): string {
  return `sha256:${createHash("sha256").update(content).digest("hex")}`;
}

export interface Image {
  readonly layer: string;
  readonly config: string;
  readonly manifest: string;
}

export function image(name: string): Image {
  const layer = `layer ${name}`;
  const config = spaced({
    architecture: "amd64",
    os: "linux",
    config: {},
    rootfs: { type: "layers", diff_ids: [digestOf(layer)] },
    seed: name,
  });
  return { layer, config, manifest: manifestOf(layer, config, name) };
}

function manifestOf(layer: string, config: string, name: string): string {
  const descriptor = (mediaType: string, content: string) => ({
    mediaType,
    digest: digestOf(content),
    size: content.length,
  });
  return spaced({
    schemaVersion: 2,
    mediaType: manifestType,
    config: descriptor("application/vnd.oci.image.config.v1+json", config),
    layers: [descriptor("application/vnd.oci.image.layer.v1.tar", layer)],
    annotations: { seed: name },
  });
}

/** JSON with a space after each comma and colon, as in the recorded bodies. */
function spaced(value: unknown): string {
  return JSON.stringify(value, undefined, 1)
    .replace(/\n\s*/g, " ")
    .replace(/([[{]) /g, "$1")
    .replace(/ ([\]}])/g, "$1");
}

type Headers = Readonly<Record<string, string>>;

/** Uploads a blob in one request. */
export async function pushBlob(url: string, repository: string, content: string, headers: Headers = {}): Promise<void> {
  const answer = await fetch(`${url}/v2/${repository}/blobs/uploads/?digest=${digestOf(content)}`, {
    method: "POST",
    headers: { ...headers, "Content-Type": "application/octet-stream" },
    body: content,
  });
  assert.equal(answer.status, 201, await answer.text());
}

/** Pushes a manifest and returns the status. */
export async function putManifest(
  url: string,
  repository: string,
  reference: string,
  manifest: string,
  headers: Headers = {},
): Promise<number> {
  const target = `${url}/v2/${repository}/manifests/${reference}`;
  const answer = await fetch(target, {
    method: "PUT",
    headers: { ...headers, "Content-Type": manifestType },
    body: manifest,
  });
  await answer.text();
  return answer.status;
}

/** Pushes an image's blobs and manifest. Returns the status of the manifest's PUT. */
export async function pushImage(
  url: string,
  repository: string,
  tag: string,
  { layer, config, manifest }: Image,
  headers: Headers = {},
): Promise<number> {
  await pushBlob(url, repository, layer, headers);
  await pushBlob(url, repository, config, headers);
  return putManifest(url, repository, tag, manifest, headers);
}
