// Stands in for skopeo: image names, and images as sources and destinations of a copy.
import { Fatal } from "../errors.ts";
import { OciLayout } from "./ociLayout.ts";
import { RegistryClient } from "../registry/registry.ts";
import type { Manifest, RegistryOptions, Repository } from "../registry/registry.ts";

export type ImageName =
  | { readonly transport: "docker"; readonly repository: Repository; readonly reference: string; readonly text: string }
  | { readonly transport: "oci"; readonly folder: string; readonly tag: string | undefined; readonly text: string };

/** A source or destination of a copy. */
export interface Image {
  /** Default: the image's own reference. */
  manifest(reference?: string): Promise<Manifest>;
  /** Default: the image's own tag. */
  putManifest(manifest: Manifest, digest?: string): Promise<void>;
  hasBlob(digest: string): Promise<boolean>;
  blob(digest: string): Promise<Buffer>;
  putBlob(bytes: Buffer): Promise<void>;
}

/** Parses `docker://host/path:tag`, `docker://host/path@digest` or `oci:folder:tag`. */
export function parseImageName(text: string): ImageName {
  const fail = (reason: string): Fatal => new Fatal(`Invalid image name ${JSON.stringify(text)}, ${reason}`);
  if (text.startsWith("oci:")) {
    const [, folder = "", tag] = /^oci:([^:]*)(?::(.+)?)?$/.exec(text) ?? [];
    if (folder === "") throw fail("expected oci:folder[:tag]");
    return { transport: "oci", folder, tag, text };
  }
  if (!text.startsWith("docker://")) {
    const [transport = ""] = text.split(":");
    throw fail(
      text.includes(":")
        ? `unknown transport ${JSON.stringify(transport)}`
        : "expected colon-separated transport:reference",
    );
  }
  const match = /^docker:\/\/([^@]+?)(?::([\w][\w.-]{0,127}))?(?:@(sha256:[0-9a-f]{64}))?$/.exec(text);
  const [, name = "", tag, digest] = match ?? [];
  const repository = repositoryOf(name);
  if (!/^[a-z0-9]+(?:[._-]+[a-z0-9]+|\/[a-z0-9]+)*$/.test(repository.path)) throw fail("invalid reference format");
  return { transport: "docker", repository, reference: digest ?? tag ?? "latest", text };
}

export async function openImage(name: ImageName, options: RegistryOptions): Promise<Image> {
  return name.transport === "oci"
    ? layoutImage(new OciLayout(name.folder), name.tag)
    : registryImage(await RegistryClient.open(name.repository, options), name.reference);
}

/** A name without a host is on Docker Hub. */
function repositoryOf(name: string): Repository {
  const slash = name.indexOf("/");
  const first = name.slice(0, slash);
  if (slash > 0 && (/[.:]/.test(first) || first === "localhost")) return { host: first, path: name.slice(slash + 1) };
  return { host: "registry-1.docker.io", path: slash === -1 ? `library/${name}` : name };
}

function registryImage(client: RegistryClient, own: string): Image {
  return {
    manifest: (reference = own) => client.getManifest(reference),
    putManifest: (manifest, digest) => client.putManifest(digest ?? own, manifest),
    hasBlob: (digest) => client.hasBlob(digest),
    blob: (digest) => client.getBlob(digest),
    putBlob: async (bytes) => {
      await client.putBlob(bytes);
    },
  };
}

/** The manifests in an index are stored as blobs. */
function layoutImage(layout: OciLayout, tag: string | undefined): Image {
  const blob = (digest: string): Buffer => layout.blob(digest);
  return {
    manifest: async (digest) => {
      await Promise.resolve();
      if (digest === undefined) return layout.manifest(tag);
      const bytes = blob(digest);
      const { mediaType } = JSON.parse(bytes.toString()) as { readonly mediaType?: string };
      return { bytes, digest, mediaType: mediaType ?? "application/vnd.oci.image.manifest.v1+json" };
    },
    putManifest: async (manifest, digest) => {
      await Promise.resolve();
      if (digest === undefined) layout.putManifest(manifest, tag);
      else layout.putBlob(manifest.bytes);
    },
    hasBlob: (digest) => Promise.resolve(layout.hasBlob(digest)),
    blob: async (digest) => {
      await Promise.resolve();
      return blob(digest);
    },
    putBlob: (bytes) => {
      layout.putBlob(bytes);
      return Promise.resolve();
    },
  };
}
