import type { Item } from "./item.ts";
import type { Place } from "./place.ts";

/** Long operations need their tokens again and again; they see a replaced token after this time. */
const MILLISECONDS = 30_000;

interface Entry {
  readonly at: number;
  readonly item: Promise<Item>;
}

/**
 * Caches items for one operation, so that reading several fields of an item, or one field several times, takes one request. Every operation
 * of the provider has an abort signal of its own; its items are dropped with the signal. A write clears the cache.
 */
export class ItemCache {
  #operations = new WeakMap<AbortSignal, Map<string, Entry>>();

  async get({ vault, item }: Place, operation: AbortSignal, ask: () => Promise<Item>): Promise<Item> {
    const entries = this.#operations.get(operation) ?? new Map<string, Entry>();
    this.#operations.set(operation, entries);
    const key = JSON.stringify([vault, item]);
    const known = entries.get(key);
    if (known !== undefined && Date.now() - known.at < MILLISECONDS) return known.item;
    const entry = { at: Date.now(), item: ask() };
    entries.set(key, entry);
    try {
      return await entry.item;
    } catch (error) {
      // Concurrent callers share an error; later callers try again.
      if (entries.get(key) === entry) entries.delete(key);
      throw error;
    }
  }

  forget(): void {
    this.#operations = new WeakMap();
  }
}
