// Stands in for skopeo: images in a folder in the OCI image layout.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Fatal } from "../errors.ts";
import { digestOf } from "../registry/registry.ts";
import type { Manifest } from "../registry/registry.ts";

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>>;
}

interface Index {
  readonly schemaVersion: 2;
  readonly manifests: readonly Descriptor[];
}

const REFERENCE = "org.opencontainers.image.ref.name";

export class OciLayout {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** The manifest with this tag; without a tag, the only manifest. */
  manifest(tag: string | undefined): Manifest {
    const { manifests } = this.#index();
    const fitting =
      tag === undefined ? manifests : manifests.filter(({ annotations }) => annotations?.[REFERENCE] === tag);
    const [found, another] = fitting;
    if (found === undefined) throw new Fatal(`no descriptor found for reference ${JSON.stringify(tag ?? "")}`);
    if (another !== undefined) throw new Fatal("more than one image in oci, choose an image");
    return { bytes: this.blob(found.digest), mediaType: found.mediaType, digest: found.digest };
  }

  blob(digest: string): Buffer {
    const file = this.#file(digest);
    if (!existsSync(file)) throw new Fatal(`open ${file}: no such file or directory`);
    const bytes = readFileSync(file);
    if (digestOf(bytes) !== digest) throw new Fatal(`Digest did not match, expected ${digest}, got ${digestOf(bytes)}`);
    return bytes;
  }

  hasBlob(digest: string): boolean {
    return existsSync(this.#file(digest));
  }

  putBlob(bytes: Buffer): void {
    const file = this.#file(digestOf(bytes));
    mkdirSync(join(this.#folder, "blobs", "sha256"), { recursive: true });
    writeFileSync(file, bytes);
  }

  /** Adds the manifest to the index and moves an existing tag to it. */
  putManifest(manifest: Manifest, tag: string | undefined): void {
    this.putBlob(manifest.bytes);
    const old = existsSync(join(this.#folder, "index.json")) ? this.#index().manifests : [];
    const descriptor: Descriptor = {
      mediaType: manifest.mediaType,
      digest: manifest.digest,
      size: manifest.bytes.length,
      ...(tag === undefined ? {} : { annotations: { [REFERENCE]: tag } }),
    };
    const others = old.filter(
      ({ digest, annotations }) =>
        annotations?.[REFERENCE] !== tag || (tag === undefined && digest !== manifest.digest),
    );
    const index: Index = { schemaVersion: 2, manifests: [...others, descriptor] };
    writeFileSync(join(this.#folder, "oci-layout"), '{"imageLayoutVersion":"1.0.0"}');
    writeFileSync(join(this.#folder, "index.json"), JSON.stringify(index));
  }

  #index(): Index {
    const file = join(this.#folder, "index.json");
    if (!existsSync(file)) throw new Fatal(`open ${file}: no such file or directory`);
    return JSON.parse(readFileSync(file, "utf8")) as Index;
  }

  #file(digest: string): string {
    const hex = /^sha256:([0-9a-f]{64})$/.exec(digest)?.[1];
    if (hex === undefined) throw new Fatal(`unsupported digest ${JSON.stringify(digest)}`);
    return join(this.#folder, "blobs", "sha256", hex);
  }
}
