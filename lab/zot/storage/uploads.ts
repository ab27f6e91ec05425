// Stands in for zot: uploads of blobs, which arrive in pieces and become a blob when their digest is right.
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

  /** Begins an upload in a repository, which is made when it is not there, and returns its id. */
  start(name: string): string {
    this.#repositories.init(name);
    const id = randomUUID();
    writeFileSync(this.#path(name, id), "", { mode: 0o600 });
    return id;
  }

  /** How many bytes have arrived. Undefined for an upload that was never started or is over. */
  size(name: string, id: string): number | undefined {
    return isId(id) ? statSync(this.#path(name, id), { throwIfNoEntry: false })?.size : undefined;
  }

  /** The size before a piece is appended. zot makes the repository first, even for an upload that was never started. */
  sizeWherever(name: string, id: string): number | undefined {
    this.#repositories.init(name);
    return this.size(name, id);
  }

  /** Appends a piece as it streams in, and returns how many bytes there are then. */
  async append(name: string, id: string, piece: Readable): Promise<number> {
    await pipeline(piece, createWriteStream(this.#path(name, id), { flags: "a" }));
    return this.size(name, id) ?? 0;
  }

  /** Turns the upload into a blob. False if the content has another digest; the upload then stays open. */
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

// An id becomes a file's name, so it must not be able to name anything else.
function isId(id: string): boolean {
  return /^[0-9a-f-]{36}$/.test(id);
}
