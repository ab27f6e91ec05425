// Stands in for zot: images in repositories, that is manifests, their tags, and what they refer to.
import { createHash } from "node:crypto";
import { linkSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { manifestProblem } from "./manifestChecks.ts";
import type { Descriptor, Manifest } from "./repositories.ts";
import { isDigest, Repositories, tagOf, withTag } from "./repositories.ts";

/** A manifest that the registry does not take. */
export class ManifestInvalid extends Error {
  readonly detail: Readonly<Record<string, string>>;

  constructor(detail: Readonly<Record<string, string>> = {}) {
    super("The manifest is not valid, or refers to a blob that its repository does not hold.");
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

  constructor(rootDirectory: string) {
    this.repositories = new Repositories(rootDirectory);
  }

  /** The tags, sorted. Undefined when there is no such repository. */
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

  /** Stores a manifest under a tag or its digest, and under more tags. Returns the digest, and that of its subject. */
  putManifest(
    name: string,
    reference: string,
    mediaType: string,
    content: Buffer,
    moreTags: readonly string[],
  ): { readonly digest: string; readonly subject: string | undefined } {
    this.repositories.init(name);
    const manifest = this.#check(name, mediaType, content);
    const algorithm = reference.startsWith("sha512:") ? "sha512" : "sha256";
    const digest = `${algorithm}:${createHash(algorithm).update(content).digest("hex")}`;
    const byDigest = reference.includes(":");
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
    const needed = [
      ...(manifest.config === undefined ? [] : [manifest.config]),
      ...(manifest.layers ?? []),
      ...(manifest.manifests ?? []),
    ];
    if (needed.some(({ digest }) => this.repositories.blobSize(name, digest) === undefined))
      throw new ManifestInvalid();
    return manifest;
  }

  /** A tag that moves takes its old entry along: the manifest it leaves can then only be reached by another entry. */
  #addToIndex(name: string, descriptor: Descriptor, tag: string | undefined): void {
    const index = this.repositories.index(name) ?? [];
    const present = index.some(
      (entry) => entry.digest === descriptor.digest && (tag === undefined || tagOf(entry) === tag),
    );
    if (present) return;
    const others = index.filter((entry) => tag === undefined || tagOf(entry) !== tag);
    this.repositories.writeIndex(name, [...others, withTag(descriptor, tag)]);
  }

  /** Removes a tag, or a manifest with all its tags. A manifest that lost its last tag stays and has none. */
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

  /** The manifests whose subject has the digest, as descriptors. */
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

  /** What a manifest of the repository says that the blob is. */
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

  /** Makes a blob of any repository that `mayRead` present in this one too. */
  mountBlob(name: string, digest: string, mayRead: (repository: string) => boolean): boolean {
    if (!isDigest(digest)) return false;
    const source = this.repositories
      .names()
      .find((repository) => this.repositories.blobSize(repository, digest) !== undefined && mayRead(repository));
    if (source === undefined) return false;
    this.repositories.init(name);
    if (this.repositories.blobSize(name, digest) === undefined) {
      const target = this.repositories.blobPath(name, digest);
      mkdirSync(dirname(target), { recursive: true, mode: 0o700 });
      linkSync(this.repositories.blobPath(source, digest), target);
    }
    return true;
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
