// A registry whose CI group may create below homelab/ alone, with a key of CI's account; with the real zot where there is one.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { fingerprint } from "../../core/secrets/fingerprint.ts";
import { markerText } from "../../systems/forgejo/secrets/secretMarker.ts";
import type { SecretMarker } from "../../systems/forgejo/secrets/secretMarker.ts";
import { startRegistry } from "../lab/zot/support/registry.ts";
import type { TestRegistry } from "../lab/zot/support/registry.ts";
import { findRealZot, standIn } from "../lab/zot/support/zotPrograms.ts";

export interface CiRegistry {
  readonly registry: TestRegistry;
  readonly key: string;
}

export async function startCiRegistry(): Promise<CiRegistry> {
  const registry = await startRegistry(({ http: { accessControl } }) => {
    assert.ok(accessControl !== undefined);
    const admins = { groups: ["admins"], actions: ["read", "create", "update", "delete"] };
    const ci = { groups: ["artifact-workloads"], actions: ["read", "create"] };
    accessControl.repositories = {
      "**": { policies: [admins], anonymousPolicy: ["read"], defaultPolicy: ["read"] },
      "homelab/**": { policies: [admins, ci], anonymousPolicy: ["read"], defaultPolicy: ["read"] },
    };
  }, findRealZot() ?? standIn());
  const [, basic = ""] = (await registry.mint("zot-ci")).split(" ");
  return {
    registry,
    key: Buffer.from(basic, "base64")
      .toString()
      .replace(/^[^:]*:/, ""),
  };
}

/** The variable beside the secret. */
export function infoOf({ registry, key }: CiRegistry, marker: Partial<SecretMarker> = {}): string {
  return markerText({
    label: "zot-auth/lab/3",
    fingerprint: fingerprint(key),
    expires: "2999-01-01T00:00:00Z",
    target: "own/app",
    url: "https://forge.example.test",
    login: { user: "zot-ci", registry: registry.url, prefix: "homelab" },
    ...marker,
  });
}

/** Writes an OCI layout with one layer of that many random bytes, which no compression makes smaller. */
export function writeImage(folder: string, bytes: number): string {
  const blobs = join(folder, "blobs", "sha256");
  mkdirSync(blobs, { recursive: true });
  const add = (mediaType: string, content: Buffer): object => {
    const digest = createHash("sha256").update(content).digest("hex");
    writeFileSync(join(blobs, digest), content);
    return { mediaType, digest: `sha256:${digest}`, size: content.length };
  };
  const json = (value: object): Buffer => Buffer.from(JSON.stringify(value));
  const tar = randomBytes(bytes);
  const layer = add("application/vnd.oci.image.layer.v1.tar+gzip", gzipSync(tar, { level: 0 }));
  const rootfs = { type: "layers", diff_ids: [`sha256:${createHash("sha256").update(tar).digest("hex")}`] };
  const config = add("application/vnd.oci.image.config.v1+json", json({ architecture: "amd64", os: "linux", rootfs }));
  const type = "application/vnd.oci.image.manifest.v1+json";
  const manifest = add(type, json({ schemaVersion: 2, mediaType: type, config, layers: [layer] }));
  writeFileSync(join(folder, "oci-layout"), '{"imageLayoutVersion":"1.0.0"}');
  writeFileSync(join(folder, "index.json"), json({ schemaVersion: 2, manifests: [manifest] }));
  return `oci:${folder}`;
}
