// Stands in for zot: repositories on disk in the OCI image layout.
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";

export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly artifactType?: string;
}

/** The fields of a manifest or an index that the registry reads. */
export interface Manifest {
  readonly schemaVersion?: number;
  readonly mediaType?: string;
  readonly artifactType?: string;
  readonly config?: Descriptor;
  readonly layers?: readonly Descriptor[];
  readonly manifests?: readonly Descriptor[];
  readonly subject?: Descriptor;
  readonly annotations?: Readonly<Record<string, string>>;
}

interface Index {
  readonly schemaVersion: 2;
  readonly manifests: readonly Descriptor[];
}

const tagAnnotation = "org.opencontainers.image.ref.name";
const digestPattern = /^(?:sha256:[a-f0-9]{64}|sha384:[a-f0-9]{96}|sha512:[a-f0-9]{128})$/;

/** Whether the text is a digest that zot supports. */
export function isDigest(text: string): boolean {
  return digestPattern.test(text);
}

/** The tag of an index entry. */
export function tagOf(descriptor: Descriptor): string | undefined {
  return descriptor.annotations?.[tagAnnotation];
}

/** The descriptor with the tag, or without one. */
export function withTag({ mediaType, digest, size }: Descriptor, tag: string | undefined): Descriptor {
  return { mediaType, digest, size, ...(tag === undefined ? {} : { annotations: { [tagAnnotation]: tag } }) };
}

/** The files of the repositories. `Storage` decides what they contain. */
export class Repositories {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
    mkdirSync(root, { recursive: true, mode: 0o700 });
  }

  /** The names of all repositories, sorted within each folder and depth-first. */
  names(): string[] {
    const found: string[] = [];
    const walk = (name: string): void => {
      const entries = readdirSync(join(this.#root, name), { withFileTypes: true });
      for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
        // Repository names start with a letter or a digit; other folders are internal.
        if (!entry.isDirectory() || !/^[a-z0-9]/.test(entry.name)) continue;
        const child = name === "" ? entry.name : `${name}/${entry.name}`;
        if (this.exists(child)) found.push(child);
        if (entry.name !== "blobs") walk(child);
      }
    };
    walk("");
    return found;
  }

  exists(name: string): boolean {
    return existsSync(join(this.#root, name, "oci-layout"));
  }

  /** Creates an empty repository if it does not exist. */
  init(name: string): void {
    if (this.exists(name)) return;
    mkdirSync(this.path(name, "blobs", "sha256"), { recursive: true, mode: 0o700 });
    mkdirSync(this.path(name, ".uploads"), { recursive: true, mode: 0o700 });
    this.writeIndex(name, []);
    writeFileSync(this.path(name, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }), { mode: 0o600 });
  }

  path(name: string, ...parts: readonly string[]): string {
    return join(this.#root, name, ...parts);
  }

  /** The path of a blob, which need not exist. The digest must be valid. */
  blobPath(name: string, digest: string): string {
    const [algorithm = "", hex = ""] = digest.split(":");
    return this.path(name, "blobs", algorithm, hex);
  }

  blobSize(name: string, digest: string): number | undefined {
    return isDigest(digest) ? statSync(this.blobPath(name, digest), { throwIfNoEntry: false })?.size : undefined;
  }

  readBlob(name: string, digest: string): Buffer | undefined {
    return this.blobSize(name, digest) === undefined ? undefined : readFileSync(this.blobPath(name, digest));
  }

  writeBlob(name: string, digest: string, content: Buffer): void {
    const path = this.blobPath(name, digest);
    mkdirSync(join(path, ".."), { recursive: true, mode: 0o700 });
    writeFileSync(path, content, { mode: 0o600 });
  }

  removeBlob(name: string, digest: string): void {
    unlinkSync(this.blobPath(name, digest));
  }

  /** The manifests of a repository. Undefined if the repository does not exist. */
  index(name: string): readonly Descriptor[] | undefined {
    if (!this.exists(name)) return undefined;
    return (JSON.parse(readFileSync(this.path(name, "index.json"), "utf8")) as Index).manifests;
  }

  writeIndex(name: string, manifests: readonly Descriptor[]): void {
    const index: Index = { schemaVersion: 2, manifests };
    const temporary = this.path(name, "index.json.new");
    writeFileSync(temporary, JSON.stringify(index), { mode: 0o600 });
    renameSync(temporary, this.path(name, "index.json"));
  }
}
