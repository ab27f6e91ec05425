// Stands in for skopeo: copies an image.
import { during, Fatal } from "../errors.ts";
import type { Image } from "../images/image.ts";
import type { Manifest } from "../registry/registry.ts";

interface Descriptor {
  readonly digest: string;
  readonly platform?: { readonly os?: string; readonly architecture?: string };
}

/** An image manifest or an index. */
interface Content {
  readonly config?: Descriptor;
  readonly layers?: readonly Descriptor[];
  readonly manifests?: readonly Descriptor[];
}

export interface CopyOptions {
  /** Copy all images of an index instead of the one for this machine. */
  readonly all: boolean;
  /** Receives progress messages. */
  readonly progress: (line: string) => void;
}

/** Copies the blobs, then the manifest, byte for byte. Returns the digest that the destination's tag then refers to. */
export async function copyImage(source: Image, destination: Image, options: CopyOptions): Promise<string> {
  options.progress("Getting image source signatures");
  const named = await source.manifest();
  const content = contentOf(named);
  if (content.manifests === undefined) return copyOne(source, destination, named, undefined, options);
  if (!options.all) {
    const chosen = forThisMachine(content.manifests);
    return copyOne(source, destination, await source.manifest(chosen), undefined, options);
  }
  for (const { digest } of content.manifests) {
    await copyOne(source, destination, await source.manifest(digest), digest, options);
  }
  options.progress("Writing manifest list to image destination");
  await during("writing manifest list", () => destination.putManifest(named));
  return named.digest;
}

async function copyOne(
  source: Image,
  destination: Image,
  manifest: Manifest,
  digest: string | undefined,
  { progress }: CopyOptions,
): Promise<string> {
  const { config, layers = [] } = contentOf(manifest);
  for (const layer of layers) {
    progress(`Copying blob ${layer.digest}`);
    await copyBlob(source, destination, layer.digest);
  }
  if (config !== undefined) {
    progress(`Copying config ${config.digest}`);
    await copyBlob(source, destination, config.digest);
  }
  progress("Writing manifest to image destination");
  await during("writing manifest", () => destination.putManifest(manifest, digest));
  progress("Storing signatures");
  return manifest.digest;
}

async function copyBlob(source: Image, destination: Image, digest: string): Promise<void> {
  const there = await during(`trying to reuse blob ${digest} at destination`, () => destination.hasBlob(digest));
  if (there) return;
  const bytes = await during(`reading blob ${digest}`, () => source.blob(digest));
  await during("writing blob", () => destination.putBlob(bytes));
}

function contentOf(manifest: Manifest): Content {
  try {
    return JSON.parse(manifest.bytes.toString()) as Content;
  } catch {
    throw new Fatal(`parsing manifest ${manifest.digest}: it is not JSON`);
  }
}

/** The digest of an index's image for Linux on this machine's architecture. */
export function forThisMachine(manifests: readonly Descriptor[]): string {
  const architecture = process.arch === "x64" ? "amd64" : process.arch;
  const found = manifests.find(
    ({ platform }) => platform?.architecture === architecture && (platform.os ?? "linux") === "linux",
  );
  if (found === undefined) {
    throw new Fatal(
      `choosing an image from manifest list: no image found in image index for architecture ${architecture}, variant "", OS linux`,
    );
  }
  return found.digest;
}
