// Stands in for Authentik: the blueprint files in the folder where the ConfigMap is mounted.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Blueprint } from "./syntax.ts";
import { BlueprintSyntaxError, parseBlueprint } from "./syntax.ts";

/** A valid blueprint file. */
export interface BlueprintFile {
  /** Such as `custom/zot.yaml`. */
  readonly path: string;
  /** Hexadecimal SHA-512 of the text. */
  readonly hash: string;
  /** Seconds since 1970. */
  readonly modified: number;
  readonly blueprint: Blueprint;
}

export const hashOf = (text: string): string => createHash("sha512").update(text).digest("hex");

/** The blueprint folder. Ignores files that start with a dot, such as the kubelet's `..data`. */
export class BlueprintFolder {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** The text of a file; `undefined` if it does not exist. */
  read(path: string): string | undefined {
    const name = path.replace(/^custom\//, "");
    if (!this.#names().includes(name)) return undefined;
    return this.#attempt(name, () => readFileSync(join(this.#directory, name), "utf8"));
  }

  /** Every valid blueprint. Skips other files, such as one with a syntax error. */
  available(): readonly BlueprintFile[] {
    return this.#names().flatMap((name) => {
      const file = this.#attempt(name, () => this.#load(name));
      return file === undefined ? [] : [file];
    });
  }

  /** Changes whenever a file is added, removed or written. */
  fingerprint(): string {
    return this.#names()
      .map((name) => {
        const stat = this.#attempt(name, () => statSync(join(this.#directory, name)));
        return `${name} ${stat?.ino ?? 0} ${stat?.mtimeMs ?? 0} ${stat?.size ?? 0}`;
      })
      .join("\n");
  }

  #load(name: string): BlueprintFile {
    const file = join(this.#directory, name);
    const text = readFileSync(file, "utf8");
    const modified = Math.floor(statSync(file).mtimeMs / 1000);
    return { path: `custom/${name}`, hash: hashOf(text), modified, blueprint: parseBlueprint(text) };
  }

  #names(): readonly string[] {
    try {
      return readdirSync(this.#directory)
        .filter((name) => name.endsWith(".yaml") && !name.startsWith("."))
        .sort();
    } catch {
      // The folder is not mounted yet.
      return [];
    }
  }

  /** The kubelet may remove a file after it was listed and before it is read. */
  #attempt<T>(name: string, work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      if (error instanceof BlueprintSyntaxError) return undefined;
      if (!this.#names().includes(name) || (error as NodeJS.ErrnoException).code !== undefined) return undefined;
      throw error;
    }
  }
}
