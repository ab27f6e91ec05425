import { lstatSync, readFileSync, readdirSync } from "node:fs";
import { join, relative } from "node:path";

export interface SweepOptions {
  readonly folder: string;
  /** Milliseconds since 1970; files that have not changed since then are left out. */
  readonly since?: number;
  /** Says of a path inside the folder that it is not looked at, nor what is in it. */
  readonly leaveOut?: (path: string) => boolean;
  /** Gets each file, with a character for each of its bytes. */
  readonly found: (path: string, content: string) => void;
}

/** Looks at a folder's files from time to time: each is read when it is new or has changed. Links are not followed. */
export class FileSweep {
  readonly #options: SweepOptions;
  readonly #versions = new Map<string, string>();

  constructor(options: SweepOptions) {
    this.#options = options;
  }

  run(): void {
    this.#folder(this.#options.folder);
  }

  #folder(folder: string): void {
    for (const entry of passing(() => readdirSync(folder, { withFileTypes: true })) ?? []) {
      const file = join(folder, entry.name);
      const path = relative(this.#options.folder, file);
      if (this.#options.leaveOut?.(path) === true) continue;
      if (entry.isDirectory()) this.#folder(file);
      else if (entry.isFile()) this.#file(file, path);
    }
  }

  #file(file: string, path: string): void {
    const found = passing(() => lstatSync(file));
    if (found === undefined || found.ctimeMs < (this.#options.since ?? 0)) return;
    const version = `${found.ino} ${found.size} ${found.mtimeMs}`;
    if (this.#versions.get(path) === version) return;
    const content = passing(() => readFileSync(file, "latin1"));
    if (content === undefined) return;
    this.#versions.set(path, version);
    this.#options.found(path, content);
  }
}

/** `undefined` for files that are gone or belong to someone else. */
function passing<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "EACCES" || code === "ENOTDIR") return undefined;
    throw error;
  }
}
