// What follows on a world is played once for all worlds that are like it.
import { likenessOf } from "./likeness.ts";
import type { Parts } from "./world.ts";

export interface Stage {
  /** Says all that it does, and what it expects. */
  readonly name: string;
  readonly play: () => Promise<void>;
}

/** @returns what failed first, if anything */
export type Failed = { readonly stage: string; readonly error: unknown } | undefined;

export class Unlike {
  /** Stages that were played from a world like this, to the end. */
  readonly #played = new Set<string>();

  /**
   * Plays stages one after the other, until one fails, or they were played from a world like the one that is there then.
   *
   * @param besides what decides besides the world
   */
  async play(parts: Parts, stages: readonly Stage[], besides: () => unknown = () => undefined): Promise<Failed> {
    const passed: string[] = [];
    for (const [number, { name, play }] of stages.entries()) {
      const left = stages.slice(number).map((stage) => stage.name);
      const like = `${left.join(", ")}: ${likenessOf(parts, besides())}`;
      if (this.#played.has(like)) break;
      passed.push(like);
      try {
        await play();
      } catch (error) {
        return { stage: name, error };
      }
    }
    for (const like of passed) this.#played.add(like);
    return undefined;
  }
}
