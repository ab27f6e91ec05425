import { createHash } from "node:crypto";

/** Bytes with the digest that a registry knows them by. */
export interface Blob {
  readonly digest: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** The smallest image: one empty layer's worth of config and a manifest. */
export interface ProbeImage {
  readonly blobs: readonly Blob[];
  readonly manifest: Blob;
  readonly mediaType: "application/vnd.oci.image.manifest.v1+json";
}

const MANIFEST = "application/vnd.oci.image.manifest.v1+json";
/** An empty gzip-compressed tar archive: 1,024 zero bytes, compressed without a time stamp, so that it is the same everywhere. */
const EMPTY_LAYER = Buffer.from("H4sIAAAAAAAAA2IYBaNgFIxYAAgAAP//Lq+17wAEAAA=", "base64");
const EMPTY_LAYER_DIFF_ID = "sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef";

/** An image of a few hundred bytes that says what it is for. The same `purpose` gives the same digests. */
export function probeImage(purpose: string): ProbeImage {
  const layer = blob(new Uint8Array(EMPTY_LAYER));
  const config = blob(
    json({
      architecture: "amd64",
      os: "linux",
      config: { Labels: { "org.opencontainers.image.description": purpose } },
      rootfs: { type: "layers", diff_ids: [EMPTY_LAYER_DIFF_ID] },
    }),
  );
  const manifest = blob(
    json({
      schemaVersion: 2,
      mediaType: MANIFEST,
      config: {
        mediaType: "application/vnd.oci.image.config.v1+json",
        digest: config.digest,
        size: config.bytes.length,
      },
      layers: [
        { mediaType: "application/vnd.oci.image.layer.v1.tar+gzip", digest: layer.digest, size: layer.bytes.length },
      ],
      annotations: { "org.opencontainers.image.description": purpose },
    }),
  );
  return { blobs: [layer, config], manifest, mediaType: MANIFEST };
}

function blob(bytes: Uint8Array<ArrayBuffer>): Blob {
  return { digest: `sha256:${createHash("sha256").update(bytes).digest("hex")}`, bytes };
}

function json(value: unknown): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(JSON.stringify(value));
}
