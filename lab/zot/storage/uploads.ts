// Stands in for zot: uploads, which arrive in chunks and become a blob if the digest matches.
import { createHash, randomUUID } from "node:crypto";
import { createReadStream, createWriteStream, mkdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Repositories } from "./repositories.ts";

export class Uploads {
  readonly #repositories: Repositories;

  constructor(repositories: Repositories) {
    this.#repositories = repositories;
  }

  /** Starts an upload, creates the repository if needed, and returns the upload's id. */
  start(name: string): string {
    this.#repositories.init(name);
    const id = randomUUID();
    writeFileSync(this.#path(name, id), "", { mode: 0o600 });
    return id;
  }

  /** The number of bytes received. Undefined if the upload was never started or is finished. */
  size(name: string, id: string): number | undefined {
    return isId(id) ? statSync(this.#path(name, id), { throwIfNoEntry: false })?.size : undefined;
  }

  /** The size before a chunk is appended. Like zot, creates the repository first, even if the upload was never started. */
  sizeBeforeAppend(name: string, id: string): number | undefined {
    this.#repositories.init(name);
    return this.size(name, id);
  }

  /** Appends a chunk as it arrives and returns the new size. */
  async append(name: string, id: string, piece: Readable): Promise<number> {
    await pipeline(piece, createWriteStream(this.#path(name, id), { flags: "a" }));
    return this.size(name, id) ?? 0;
  }

  /** Turns the upload into a blob. Returns false if the digest does not match; the upload then stays open. */
  async finish(name: string, id: string, digest: string): Promise<boolean> {
    const path = this.#path(name, id);
    const hash = createHash(digest.split(":")[0] ?? "sha256");
    await pipeline(createReadStream(path), hash);
    if (digest.split(":")[1] !== hash.digest("hex")) return false;
    const target = this.#repositories.blobPath(name, digest);
    mkdirSync(dirname(target), { recursive: true, mode: 0o700 });
    renameSync(path, target);
    return true;
  }

  cancel(name: string, id: string): void {
    rmSync(this.#path(name, id), { force: true });
  }

  #path(name: string, id: string): string {
    return this.#repositories.path(name, ".uploads", id);
  }
}

// The id becomes a file name, so it must not contain a path.
function isId(id: string): boolean {
  return /^[0-9a-f-]{36}$/.test(id);
}
