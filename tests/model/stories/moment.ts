// When a run is killed, and what the user does then.
import type { Kill } from "../engine/engine.ts";
import type { World } from "../world/world.ts";
import type { Story } from "./story.ts";

/** A kill, and how the story goes on. */
export interface Moment {
  readonly name: string;
  readonly left: Pick<World, "state" | "pending">;
  readonly end: Story["end"];
}

export function momentOf({ sent, at, when, state, pending }: Kill, end: Story["end"]): Moment {
  // After a request is often the same as before the next one: then the kill is the same, too, and the user does the same.
  const number = when === "before" ? at : at + 1;
  const then = Math.floor(number / 2) % 2 === 0 ? "cli" : "provider";
  return {
    name: `${then} killed ${when} request ${at} (${sent.method} ${sent.url.pathname})`,
    left: { state, pending: pending[then] },
    // Twice the work of `up`, and what it would find does not depend on the exact request.
    end: end === "up" && number % 4 === 0 ? "recover" : end,
  };
}
