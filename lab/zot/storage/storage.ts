// Stands in for zot: manifests, tags and blobs in repositories.
import { createHash } from "node:crypto";
import { linkSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DedupeCache } from "./dedupeCache.ts";
import { indexType, manifestProblem, manifestType, neededBlobs } from "./manifestChecks.ts";
import type { Descriptor, Manifest } from "./repositories.ts";
import { isDigest, Repositories, tagOf, withTag } from "./repositories.ts";

/** The registry rejects a manifest. */
export class ManifestInvalid extends Error {
  readonly detail: Readonly<Record<string, string>>;

  constructor(detail: Readonly<Record<string, string>> = {}) {
    super("The manifest is invalid, or refers to a blob that is not in its repository.");
    this.detail = detail;
  }
}

export interface StoredManifest {
  readonly digest: string;
  readonly mediaType: string;
  readonly content: Buffer;
}

export class Storage {
  readonly repositories: Repositories;
  readonly #dedupe: DedupeCache;

  constructor(rootDirectory: string) {
    this.repositories = new Repositories(rootDirectory);
    this.#dedupe = new DedupeCache(rootDirectory);
  }

  /** The tags, sorted. Undefined if the repository does not exist. */
  tags(name: string): string[] | undefined {
    const index = this.repositories.index(name);
    return index?.flatMap((descriptor) => tagOf(descriptor) ?? []).sort();
  }

  /** Finds a manifest by tag or digest. */
  manifest(name: string, reference: string): StoredManifest | undefined {
    const found = this.repositories
      .index(name)
      ?.find((entry) => entry.digest === reference || tagOf(entry) === reference);
    const content = found === undefined ? undefined : this.repositories.readBlob(name, found.digest);
    if (found === undefined || content === undefined) return undefined;
    return { digest: found.digest, mediaType: found.mediaType, content };
  }

  /** Stores a manifest under a tag, or under its digest and `moreTags`. Returns its digest and that of its subject. */
  putManifest(
    name: string,
    reference: string,
    mediaType: string,
    content: Buffer,
    moreTags: readonly string[],
  ): { readonly digest: string; readonly subject: string | undefined } {
    this.repositories.init(name);
    const manifest = this.#check(name, mediaType, content);
    const byDigest = isDigest(reference);
    const algorithm = (byDigest ? reference.split(":")[0] : undefined) ?? "sha256";
    const digest = `${algorithm}:${createHash(algorithm).update(content).digest("hex")}`;
    if (byDigest && reference !== digest) throw new ManifestInvalid();
    this.repositories.writeBlob(name, digest, content);
    const descriptor = { mediaType, digest, size: content.length };
    for (const tag of byDigest ? moreTags : [reference]) this.#addToIndex(name, descriptor, tag);
    if (byDigest && moreTags.length === 0) this.#addToIndex(name, descriptor, undefined);
    return { digest, subject: manifest.subject?.digest };
  }

  #check(name: string, mediaType: string, content: Buffer): Manifest {
    const { manifest, problem } = manifestProblem(mediaType, content.toString());
    if (manifest === undefined) throw new ManifestInvalid(problem);
    const missing = neededBlobs(manifest).some(({ digest }) => this.repositories.blobSize(name, digest) === undefined);
    if (missing) throw new ManifestInvalid();
    return manifest;
  }

  /** Moving a tag removes its old entry, so the old manifest can be reached only through other entries. */
  #addToIndex(name: string, descriptor: Descriptor, tag: string | undefined): void {
    const index = this.repositories.index(name) ?? [];
    const present = index.some(
      (entry) => entry.digest === descriptor.digest && (tag === undefined || tagOf(entry) === tag),
    );
    if (present) return;
    const replaced = tag === undefined ? undefined : index.find((entry) => tagOf(entry) === tag);
    const others = index.filter((entry) => entry !== replaced);
    const kept =
      replaced === undefined || descriptor.mediaType !== indexType
        ? others
        : this.#withoutOrphans(name, others, replaced.digest, descriptor.digest);
    this.repositories.writeIndex(name, [...kept, withTag(descriptor, tag)]);
  }

  /** When an index replaces another under a tag, removes the untagged manifests that only the old index refers to. */
  #withoutOrphans(name: string, entries: readonly Descriptor[], oldIndex: string, newIndex: string): Descriptor[] {
    const partsOf = (digest: string): readonly Descriptor[] => this.#parse(name, digest)?.manifests ?? [];
    const indexes = [
      ...entries.filter(({ mediaType }) => mediaType === indexType).map(({ digest }) => digest),
      newIndex,
    ];
    const inUse = new Set(indexes.flatMap(partsOf).map(({ digest }) => digest));
    const left = new Set(
      partsOf(oldIndex)
        .map(({ digest }) => digest)
        .filter((digest) => !inUse.has(digest)),
    );
    return entries.filter(
      (entry) => entry.mediaType !== manifestType || tagOf(entry) !== undefined || !left.has(entry.digest),
    );
  }

  /** Removes a tag, or a manifest with all its tags. A manifest is kept after its last tag is removed. */
  deleteManifest(name: string, reference: string): "deleted" | "unknown" | "referenced" {
    const index = this.repositories.index(name) ?? [];
    const found = index.find((entry) => entry.digest === reference || tagOf(entry) === reference);
    if (found === undefined) return "unknown";
    const { digest } = found;
    if (isDigest(reference)) {
      if (this.#manifests(name).some(({ manifests }) => manifests?.some((entry) => entry.digest === digest)))
        return "referenced";
      this.repositories.writeIndex(
        name,
        index.filter((entry) => entry.digest !== digest),
      );
      this.repositories.removeBlob(name, digest);
      return "deleted";
    }
    const others = index.filter((entry) => tagOf(entry) !== reference);
    const stillListed = others.some((entry) => entry.digest === digest);
    this.repositories.writeIndex(name, stillListed ? others : [...others, withTag(found, undefined)]);
    return "deleted";
  }

  /** Descriptors of the manifests whose subject has the digest. */
  referrers(name: string, digest: string, artifactTypes: readonly string[]): Descriptor[] {
    const entries = new Map((this.repositories.index(name) ?? []).map((entry) => [entry.digest, entry]));
    return [...entries.values()].flatMap((entry) => {
      const manifest = this.#parse(name, entry.digest);
      if (manifest?.subject?.digest !== digest) return [];
      const artifactType = manifest.artifactType ?? manifest.config?.mediaType ?? "";
      if (artifactTypes.length > 0 && !artifactTypes.includes(artifactType)) return [];
      const { annotations } = manifest;
      return [
        {
          mediaType: entry.mediaType,
          digest: entry.digest,
          size: entry.size,
          ...(annotations === undefined ? {} : { annotations }),
          artifactType,
        },
      ];
    });
  }

  /** The media type that a manifest of the repository gives the blob. */
  blobMediaType(name: string, digest: string): string {
    const entry = this.repositories.index(name)?.find((descriptor) => descriptor.digest === digest);
    const referred = this.#manifests(name)
      .flatMap(descriptorsOf)
      .find((descriptor) => descriptor.digest === digest);
    return entry?.mediaType ?? referred?.mediaType ?? "application/octet-stream";
  }

  deleteBlob(name: string, digest: string): "deleted" | "unknown" | "referenced" {
    if (this.repositories.blobSize(name, digest) === undefined) return "unknown";
    const listed = (this.repositories.index(name) ?? []).some((entry) => entry.digest === digest);
    const referred = this.#manifests(name)
      .flatMap(descriptorsOf)
      .some((descriptor) => descriptor.digest === digest);
    if (listed || referred) return "referenced";
    this.repositories.removeBlob(name, digest);
    return "deleted";
  }

  /** Whether the repository has the blob. If only another one has it, links it first. */
  findBlob(name: string, digest: string): boolean {
    if (this.repositories.blobSize(name, digest) !== undefined) return true;
    const has = (repository: string): boolean => this.repositories.blobSize(repository, digest) !== undefined;
    const source = this.#dedupe.source(digest, has);
    if (source === undefined) return false;
    this.repositories.init(name);
    const target = this.repositories.blobPath(name, digest);
    mkdirSync(dirname(target), { recursive: true, mode: 0o700 });
    linkSync(this.repositories.blobPath(source, digest), target);
    this.#dedupe.put(digest, name);
    return true;
  }

  /** Whether the client may read a repository that received the blob, even if the blob was deleted there since. */
  knowsBlob(digest: string, mayRead: (repository: string) => boolean): boolean {
    return this.#dedupe.repositories(digest).some(mayRead);
  }

  /** Records an uploaded blob, so that other repositories find it. */
  uploaded(name: string, digest: string): void {
    this.#dedupe.settle(digest, (repository) => this.repositories.blobSize(repository, digest) !== undefined);
    this.#dedupe.put(digest, name);
  }

  #manifests(name: string): Manifest[] {
    const digests = new Set((this.repositories.index(name) ?? []).map(({ digest }) => digest));
    return [...digests].flatMap((digest) => this.#parse(name, digest) ?? []);
  }

  #parse(name: string, digest: string): Manifest | undefined {
    const content = this.repositories.readBlob(name, digest);
    return content === undefined ? undefined : (JSON.parse(content.toString()) as Manifest);
  }
}

function descriptorsOf({ config, layers = [], manifests = [] }: Manifest): readonly Descriptor[] {
  return [...(config === undefined ? [] : [config]), ...layers, ...manifests];
}
