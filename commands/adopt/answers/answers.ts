import { askAll } from "./asking.ts";
import type { Terminal } from "./asking.ts";
import { isOpen, missingIn, missingMessage, surelyMissingIn } from "./questions.ts";
import type { Question } from "./questions.ts";
import { Stop } from "../stop.ts";
import { atPath, merged, valueOf } from "../settings/tree.ts";
import type { Tree } from "../settings/tree.ts";

/** The settings as far as they are known: from an existing file, zot's config, the other servers, flags and a person. The later ones count more. */
export class Answers {
  readonly #former: Tree;
  readonly #flags: Tree;
  readonly #terminal: Terminal | undefined;
  readonly #stack: string;
  #zot: Tree = {};
  #read: Tree = {};
  #asked: Tree = {};

  constructor(former: Tree, flags: Tree, terminal: Terminal | undefined, stack: string) {
    this.#former = former;
    this.#flags = flags;
    this.#terminal = terminal;
    this.#stack = stack;
  }

  get tree(): Tree {
    return [this.#zot, this.#read, this.#flags, this.#asked].reduce(merged, this.#former);
  }

  /** Whether nothing but the existing file says so. */
  isKept(path: readonly string[]): boolean {
    const told = [this.#read, this.#flags, this.#asked].reduce(merged, this.#zot);
    return atPath(told, path) === undefined;
  }

  get(setting: string): string | undefined {
    const value = valueOf(this.tree, setting);
    return typeof value === "string" ? value : undefined;
  }

  /** As {@link get}, from anywhere but zot's config. */
  beside(setting: string): string | undefined {
    const value = valueOf([this.#read, this.#flags, this.#asked].reduce(merged, this.#former), setting);
    return typeof value === "string" ? value : undefined;
  }

  /** Who says so, for the report. */
  sourceOf(setting: string): string {
    const sources: readonly (readonly [string, Tree])[] = [
      ["your answer", this.#asked],
      [`--${setting}`, this.#flags],
      ["Authentik", this.#read],
      ["zot's config", this.#zot],
      ["the existing file", this.#former],
    ];
    const found = sources.find(([, tree]) => valueOf(tree, setting) !== undefined);
    return found === undefined ? "the default" : `from ${found[0]}`;
  }

  /** What zot's config says, instead of what it was taken to say before. */
  set zot(settings: Tree) {
    this.#zot = settings;
  }

  /** Adds what a server says. */
  add(read: Tree): void {
    this.#read = merged(this.#read, read);
  }

  /**
   * Has a person answer what is open. Without a terminal, what would be suggested counts.
   *
   * @param open without a terminal: further questions that the same error lists, before zot's config is read
   * @throws Stop that lists what is missing, if there is nobody to ask
   */
  async complete(questions: readonly Question[], open: readonly Question[] = []): Promise<void> {
    if (this.#terminal !== undefined) {
      const answered = await askAll(questions, this.tree, this.#terminal);
      // What was there before is no answer.
      for (const { setting } of questions) {
        const value = valueOf(answered, setting);
        if (value !== valueOf(this.tree, setting)) this.#asked = merged(this.#asked, at(setting, value));
      }
      return;
    }
    // What Enter would accept.
    for (const question of questions) {
      const suggestion = isOpen(question, this.tree) ? question.suggests?.(this.tree) : undefined;
      if (suggestion !== undefined) this.#asked = merged(this.#asked, at(question.setting, suggestion));
    }
    const missing = missingIn(questions, this.tree);
    if (missing.length > 0)
      throw new Stop(missingMessage([...missing, ...surelyMissingIn(open, this.tree)], this.#stack), 2);
  }
}

function at(setting: string, value: unknown): Tree {
  return setting.split(".").reduceRight<unknown>((inner, key) => ({ [key]: inner }), value) as Tree;
}
