// Part of the lab: the state of a stand-in, stored in a JSON file.
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/** A JSON file, held in memory. Saving is atomic: it renames a complete file into place. */
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
      store.#write();
      return store;
    }
    return new Store(file, JSON.parse(text) as T);
  }

  /**
   * Writes `data` to the file. Call it after each change. With `LAB_STATE=memory` it does nothing: to write a thousand repositories at each request
   * would take longer than what is to be measured.
   */
  save(): void {
    if (process.env["LAB_STATE"] !== "memory") this.#write();
  }

  #write(): void {
    const temporary = `${this.#file}.new`;
    writeFileSync(temporary, JSON.stringify(this.data), { mode: 0o600 });
    renameSync(temporary, this.#file);
  }
}
