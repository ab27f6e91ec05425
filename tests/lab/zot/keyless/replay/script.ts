// Plays a part of the recording whose exchanges need different configurations: each exchange by its label, once.
import assert from "node:assert/strict";
import type { Exchange } from "./recording.ts";
import { exchangesOf } from "./recording.ts";
import type { KeylessRegistry } from "../support/registry.ts";
import type { Answer, Sent } from "./replay.ts";
import { replay } from "./replay.ts";

export class Script {
  readonly #part: string;
  readonly #left: Exchange[];

  constructor(part: string) {
    this.#part = part;
    this.#left = [...exchangesOf(part)];
  }

  /** Replays the next exchange with this label. */
  async play(keyless: KeylessRegistry, label: string, sent: Sent = {}): Promise<Answer> {
    const index = this.#left.findIndex((exchange) => exchange.label === label);
    const [exchange] = index === -1 ? [] : this.#left.splice(index, 1);
    assert.ok(exchange !== undefined, `"${this.#part}" has no further exchange "${label}".`);
    return replay(keyless, exchange, sent);
  }

  /** Replays it with a job's token. */
  async playWith(keyless: KeylessRegistry, label: string, token: string, sent: Sent = {}): Promise<Answer> {
    return this.play(keyless, label, { ...sent, authorization: `Bearer ${token}` });
  }

  /** Fails if an exchange was not played. */
  end(): void {
    const labels = this.#left.map(({ label }) => label);
    assert.deepEqual(labels, [], `not replayed of "${this.#part}"`);
  }
}
