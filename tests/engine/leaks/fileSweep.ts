import { lstatSync, readFileSync, readdirSync } from "node:fs";
import { join, relative } from "node:path";

export interface SweepOptions {
  readonly folder: string;
  /** Milliseconds since 1970. Skips files that have not changed since then. */
  readonly since?: number;
  /** Whether to skip a path in the folder and everything below it. */
  readonly leaveOut?: (path: string) => boolean;
  /** Called with each file and its content, one character per byte. */
  readonly found: (path: string, content: string) => void;
}

/** Each run reads the files in a folder that are new or have changed since the last. Does not follow links. */
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

/** `undefined` for files that no longer exist or that belong to another user. */
function passing<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "EACCES" || code === "ENOTDIR") return undefined;
    throw error;
  }
}
