// Stories that fast-check generates, and shrinks when one fails.
import fc from "fast-check";
import type { Fault } from "../requests/gate.ts";
import { Homelab } from "../homelab/homelab.ts";
import { Life } from "./life.ts";
import type { Act, OtherAct, RunAct, Story } from "./story.ts";

const fault: fc.Arbitrary<Fault> = fc.record({
  // A first up sends 34 requests that change something, a rotation 28. A higher number means a run without a fault.
  at: fc.integer({ min: 1, max: 32 }),
  when: fc.constantFrom("before", "after"),
  then: fc.constantFrom("cli", "cli", "provider", "reset", "busy", "slow"),
});

const run: fc.Arbitrary<RunAct> = fc
  .record({
    do: fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom<RunAct["do"]>("rotate", "age") },
      { weight: 3, arbitrary: fc.constantFrom<RunAct["do"]>("up", "revoke", "repositories", "groups", "undo") },
      { weight: 2, arbitrary: fc.constantFrom<RunAct["do"]>("refresh", "destroy") },
    ),
    fault: fc.option(fault, { freq: 8, nil: undefined }),
  })
  .map(({ do: what, fault: wrong }) => (wrong === undefined ? { do: what } : { do: what, fault: wrong }));

const others: fc.Arbitrary<OtherAct> = fc.record({
  do: fc.constantFrom("graceOver", "secretDeleted", "markerDeleted", "fieldEmptied", "keyRevoked", "keyByHand"),
});

function story(act: fc.Arbitrary<Act>, maxLength: number): fc.Arbitrary<Story> {
  return fc.record({
    begin: fc.oneof(
      { weight: 4, arbitrary: fc.constant("whole" as const) },
      { weight: 1, arbitrary: fc.constant("destroyed" as const) },
    ),
    grace: fc.constantFrom("0 seconds", "1 hour"),
    acts: fc.array(act, { minLength: 1, maxLength }),
    end: fc.oneof(
      { weight: 5, arbitrary: fc.constantFrom("up" as const, "recover" as const) },
      { weight: 1, arbitrary: fc.constant("destroy" as const) },
    ),
  });
}

/** Only runs that fail. */
export const troubled = story(run, 2);

/** Failing runs while people change things and time passes. */
export const crowded = story(fc.oneof({ weight: 2, arbitrary: run }, { weight: 1, arbitrary: others }), 4);

export interface Played {
  readonly cases: number;
  /** The number of faults that occurred. */
  readonly struck: number;
}

/**
 * Plays the given number of stories.
 *
 * @throws Error with the smallest failing story, and the seed and path that replay it
 */
export async function play(
  stories: fc.Arbitrary<Story>,
  options: fc.Parameters<[Story]>,
  tell: (cases: number) => void = () => undefined,
): Promise<Played> {
  let lab: Homelab | undefined;
  let life: Life | undefined;
  let cases = 0;
  let struck = 0;
  const forget = async (): Promise<void> => {
    struck += life?.struck ?? 0;
    life = undefined;
    await lab?.stop();
    lab = undefined;
  };
  try {
    await fc.assert(
      fc.asyncProperty(stories, async (told) => {
        // A homelab gets slower as its history grows.
        if (cases % 100 === 99) await forget();
        lab ??= await Homelab.start();
        life ??= new Life(lab);
        cases += 1;
        tell(cases);
        try {
          await life.play(told);
        } catch (error) {
          // The leftovers are not a valid start for the next story.
          await forget();
          throw error;
        }
      }),
      options,
    );
  } finally {
    await forget();
  }
  return { cases, struck };
}
