import type { Item } from "./item.ts";
import type { Place } from "./place.ts";

/** Long operations wait for servers and need their tokens again and again; a token that was replaced meanwhile is seen after this time. */
const MILLISECONDS = 30_000;

interface Entry {
  readonly at: number;
  readonly item: Promise<Item>;
}

/**
 * Items as one operation saw them: several fields of an item, or one field many times, are one request. Every operation of the provider has
 * an abort signal of its own, and what it read goes when the signal goes. A write makes all operations ask again.
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
      // An error is an answer to those who asked together, and to nobody later.
      if (entries.get(key) === entry) entries.delete(key);
      throw error;
    }
  }

  forget(): void {
    this.#operations = new WeakMap();
  }
}
