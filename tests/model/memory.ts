// The model's servers keep what they know in memory alone: a case does not restart them, and the disk would be the slowest part of it.
import { Store } from "../../lab/shared/store.ts";

const kept = new Map<string, unknown>();

/** Call it before a server is started. */
export function keepInMemory(): void {
  const open = Store.open.bind(Store);
  Store.open = <T>(file: string, seed: () => T): Store<T> => {
    const store = open(file, seed);
    kept.set(file, store.data);
    return store;
  };
  Store.prototype.save = () => undefined;
}

/** What a server knows now, by the name of the file that it would be in. */
export function knowledgeOf(file: string): unknown {
  return kept.get(file);
}

export function forget(folder: string): void {
  for (const file of kept.keys()) if (file.startsWith(folder)) kept.delete(file);
}
