// One setting changes on a live stack, and back.
import assert from "node:assert/strict";
import type { Settings } from "../../../settings/schema.ts";
import { mainAccount } from "../../../settings/accounts/accounts.ts";
import type { Fault } from "../requests/gate.ts";
import { declaredEffects, observedEffects, runningWith } from "./effects.ts";
import type { Running } from "./effects.ts";
import { destroyedAfterwards } from "./moments/endings.ts";
import { differences } from "./stack/inventory.ts";
import { settingsAt } from "./stack/place.ts";
import type { Path } from "./stack/place.ts";
import { Stack, assertDone, declaring } from "./stack/stack.ts";
import type { Declared } from "./stack/stack.ts";
import type { Pair } from "./table/pairs.ts";
import type { Alternative } from "./table/row.ts";

/** Steps after which nothing is there that was not there before: only what zot's config says. */
const CONFIG_ONLY = [
  "zot-config",
  "acceptance-sign-in",
  "acceptance-access",
  "acceptance-services",
  "acceptance-other-keys",
  "preflight",
];

/** A homelab and its stack, reused from setting to setting. */
export class Walk {
  readonly #stack: Stack;
  /** The settings with which the last walk ended. */
  #at = "";

  private constructor(stack: Stack) {
    this.#stack = stack;
  }

  static async start(): Promise<Walk> {
    return new Walk(await Stack.start());
  }

  async stop(): Promise<void> {
    await this.#stack.stop();
  }

  /** @throws AssertionError that says what is not as it should be */
  async play(path: Path, { to, also, given, gap, leaves = [] }: Alternative): Promise<void> {
    const stack = this.#stack;
    const { place } = stack;
    const common = Object.entries(given?.(place) ?? {});
    const first = declaring(settingsAt(place, common));
    const second = declaring(settingsAt(place, [...common, ...Object.entries(also?.(place) ?? {}), [path, to(place)]]));
    await this.#begin(first);
    const before = await stack.inventory();

    stack.expectKeys(first, second);
    const running = this.#running(first.settings);
    const changed = await stack.up(second);
    // What changes together is not told apart.
    if (also === undefined)
      assert.deepEqual(
        observedEffects(running, this.#running(second.settings), changed),
        declaredEffects(path),
        "docs/reference/settings.md (settings/documentation/changes.ts) says what a change changes",
      );
    if (gap === undefined) assert.deepEqual(stack.gaps, [], "CI has a key that zot takes at every moment");
    else
      assert.notDeepEqual(
        stack.gaps,
        [],
        `CI has a key that zot takes at every moment: remove "${gap}" from the table`,
      );
    await stack.nothingToDo(second);
    if (changed.steps.some(({ urn }) => !CONFIG_ONLY.includes(urn.split("::").at(-1) ?? ""))) {
      await stack.refreshed(second);
      const after = await stack.inventory();
      await stack.destroyed(leaves);
      await stack.up(second);
      assert.deepEqual(
        differences(after, await stack.inventory()),
        [],
        "what is there is what a first up with these settings makes",
      );
    }
    stack.expectKeys(first, second);
    await stack.up(first);
    if (gap === undefined) assert.deepEqual(stack.gaps, [], "and on the way back");
    await stack.nothingToDo(first);
    assert.deepEqual(differences(await stack.inventory(), before), [], "what is there is what was there before");
  }

  /**
   * The first `up` with the settings of the edit, or a `destroy`, is killed at a request. The user destroys.
   *
   * @returns the requests of the run that change something, up to the one at which it was killed
   * @throws AssertionError that says what is not as it should be
   */
  async ended(run: "up" | "destroy", { to }: Pair, fault?: Fault): Promise<readonly string[]> {
    const stack = this.#stack;
    const declared = declaring(settingsAt(stack.place, Object.entries(to(stack.place))));
    this.#at = "";
    stack.expectNothing();
    if (run === "up") await stack.destroyed();
    else await stack.up(declared);
    const ended = run === "up" ? await stack.run(declared, fault) : await stack.engine.destroy(fault);
    if (fault === undefined) assertDone(ended);
    await destroyedAfterwards(stack);
    return ended.run.changes.map(({ method, url }) => `${method} ${url.pathname}`);
  }

  /** The last walk may have ended where this one begins. */
  async #begin(first: Declared): Promise<void> {
    const stack = this.#stack;
    const wanted = JSON.stringify(first);
    if (this.#at === wanted) return;
    stack.expectNothing();
    await stack.up(first);
    await stack.nothingToDo(first);
    this.#at = wanted;
  }

  #running(settings: Settings): Running {
    const { secrets } = this.#stack.lab.held(mainAccount(settings).repositories[0] ?? "");
    return runningWith(settings, secrets[mainAccount(settings).secretName] ?? "");
  }
}
