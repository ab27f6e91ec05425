import { inspect } from "node:util";
import { fingerprint, keyedFingerprint } from "./fingerprint.ts";

/**
 * A secret in memory. Printing, joining, inspecting or serializing it shows `[secret]`; only `reveal` returns the text, at the one
 * place where it is sent.
 */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  reveal(): string {
    return this.#text;
  }

  get fingerprint(): string {
    return fingerprint(this.#text);
  }

  /** For secrets that a person may have chosen. */
  fingerprintBy(key: Secret): string {
    return keyedFingerprint(this.#text, key.reveal());
  }

  toString(): string {
    return "[secret]";
  }

  toJSON(): string {
    return "[secret]";
  }

  [inspect.custom](): string {
    return "[secret]";
  }
}
