// Stands in for zot: its memory of which repositories were given a blob, by which a blob of one is found in all others.
import { join } from "node:path";
import { Store } from "../../shared/store.ts";

interface Known {
  /** The repository that the blob is taken from. */
  original: string;
  readonly copies: string[];
}

/** zot does not look here when a blob is deleted, so a repository that lost its blob stays until the next request for it. */
export class DedupeCache {
  readonly #store: Store<Record<string, Known>>;

  constructor(rootDirectory: string) {
    this.#store = Store.open<Record<string, Known>>(join(rootDirectory, "_lab", "dedupe.json"), () => ({}));
  }

  /** Notes that the repository was given the blob. */
  put(digest: string, repository: string): void {
    const known = this.#find(digest);
    if (known === undefined) this.#store.data[digest] = { original: repository, copies: [repository] };
    else if (!known.copies.includes(repository)) known.copies.push(repository);
    else return;
    this.#store.save();
  }

  /** All repositories that were given the blob. */
  repositories(digest: string): readonly string[] {
    const known = this.#find(digest);
    return known === undefined ? [] : [...new Set([known.original, ...known.copies])];
  }

  /** The repository to take the blob from. Where it turns out to be gone, zot forgets it and finds nothing this time. */
  source(digest: string, isThere: (repository: string) => boolean): string | undefined {
    const known = this.#find(digest);
    if (known === undefined || isThere(known.original)) return known?.original;
    this.#forgetOriginal(digest, known);
    return undefined;
  }

  /** Forgets originals that are gone, until one is there. */
  settle(digest: string, isThere: (repository: string) => boolean): void {
    while (this.#find(digest) !== undefined && this.source(digest, isThere) === undefined) continue;
  }

  #forgetOriginal(digest: string, known: Known): void {
    const left = known.copies.filter((repository) => repository !== known.original).sort();
    const [next] = left;
    if (next === undefined) Reflect.deleteProperty(this.#store.data, digest);
    else this.#store.data[digest] = { original: next, copies: left };
    this.#store.save();
  }

  #find(digest: string): Known | undefined {
    return Object.hasOwn(this.#store.data, digest) ? this.#store.data[digest] : undefined;
  }
}
