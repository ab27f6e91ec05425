// Stands in for zot: its cache of which repositories received a blob, which makes the blob available to all others.
import { join } from "node:path";
import { Store } from "../../shared/store.ts";

interface Known {
  /** The repository that the blob is linked from. */
  original: string;
  readonly copies: string[];
}

/** Deleting a blob does not update zot's cache: the repository stays listed until the next request for the blob. */
export class DedupeCache {
  readonly #store: Store<Record<string, Known>>;

  constructor(rootDirectory: string) {
    this.#store = Store.open<Record<string, Known>>(join(rootDirectory, "_lab", "dedupe.json"), () => ({}));
  }

  /** Records that the repository received the blob. */
  put(digest: string, repository: string): void {
    const known = this.#find(digest);
    if (known === undefined) this.#store.data[digest] = { original: repository, copies: [repository] };
    else if (!known.copies.includes(repository)) known.copies.push(repository);
    else return;
    this.#store.save();
  }

  /** All repositories that received the blob. */
  repositories(digest: string): readonly string[] {
    const known = this.#find(digest);
    return known === undefined ? [] : [...new Set([known.original, ...known.copies])];
  }

  /** The repository to link the blob from. If the blob is gone from it, zot forgets the repository and finds nothing this time. */
  source(digest: string, isThere: (repository: string) => boolean): string | undefined {
    const known = this.#find(digest);
    if (known === undefined || isThere(known.original)) return known?.original;
    this.#forgetOriginal(digest, known);
    return undefined;
  }

  /** Forgets repositories that no longer have the blob, until one does. */
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
