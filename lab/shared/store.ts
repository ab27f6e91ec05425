// Part of the lab: the state of a stand-in, as one JSON file that survives a restart.
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/** One JSON document on disk, held in memory. Saving renames a complete file into place, so a kill leaves the old or the new one. */
export class Store<T> {
  readonly data: T;
  readonly #file: string;

  private constructor(file: string, data: T) {
    this.#file = file;
    this.data = data;
  }

  /** Opens the file, or creates it from `seed`. */
  static open<T>(file: string, seed: () => T): Store<T> {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    let text: string;
    try {
      text = readFileSync(file, "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      const store = new Store(file, seed());
      store.save();
      return store;
    }
    return new Store(file, JSON.parse(text) as T);
  }

  /** Call after each change of `data`. */
  save(): void {
    const temporary = `${this.#file}.new`;
    writeFileSync(temporary, JSON.stringify(this.data), { mode: 0o600 });
    renameSync(temporary, this.#file);
  }
}
