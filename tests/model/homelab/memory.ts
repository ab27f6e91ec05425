// The model's servers keep their data in memory, also while they restart: the disk would be the slowest part.
import { Store } from "../../../lab/shared/store.ts";

const kept = new Map<string, unknown>();

/** Call it before starting a server. */
export function keepInMemory(): void {
  const open = Store.open.bind(Store);
  Store.open = <T>(file: string, seed: () => T): Store<T> => {
    const store = open(file, seed);
    const data = (kept.get(file) as T | undefined) ?? store.data;
    kept.set(file, data);
    return Object.assign(store, { data });
  };
  Store.prototype.save = () => undefined;
}

/** A server's current data, by the name of the file that would hold it. */
export function knowledgeOf(file: string): unknown {
  return kept.get(file);
}

export function forget(folder: string): void {
  for (const file of kept.keys()) if (file.startsWith(folder)) kept.delete(file);
}

/** What all servers with data in a folder had at a moment, by file. */
export type Copy = Readonly<Record<string, unknown>>;

export function copyOf(folder: string): Copy {
  return structuredClone(Object.fromEntries([...kept].filter(([file]) => file.startsWith(folder))));
}

/** Puts a copy back, in running servers, too. */
export function putBack(folder: string, copy: Copy): void {
  for (const [file, data] of kept) {
    if (!file.startsWith(folder)) continue;
    const before = copy[file];
    if (before === undefined) kept.delete(file);
    else {
      for (const key of Object.keys(data as object)) Reflect.deleteProperty(data as object, key);
      Object.assign(data as object, structuredClone(before));
    }
  }
}
