// What can happen in a key's life, one act after the other, and what has to hold after each and at the end.
import assert from "node:assert/strict";
import { generationOf } from "../../systems/zot/keys/rotation.ts";
import { pass } from "./clock.ts";
import { Engine } from "./engine.ts";
import type { Ended } from "./engine.ts";
import type { Fault } from "./gate.ts";
import type { Homelab } from "./homelab.ts";
import { OWNER, program } from "./program.ts";
import { MARKER, Promises, SECRET, isByHand } from "./promises.ts";
import type { Declared } from "./promises.ts";
import { REPOSITORIES } from "./servers.ts";

/** A run of the CLI, with what the person changed before, and what went wrong in it. */
export interface RunAct {
  readonly do: "up" | "rotate" | "undo" | "age" | "revoke" | "repositories" | "groups" | "refresh" | "destroy";
  readonly fault?: Fault;
}

/** Something that other people do, or time. */
export interface OtherAct {
  readonly do: "graceOver" | "secretDeleted" | "markerDeleted" | "fieldEmptied" | "keyRevoked" | "keyByHand";
}

export type Act = RunAct | OtherAct;

export interface Story {
  /** What there is when it begins: not even a stack, or one that is as it should be. */
  readonly begin: "nothing" | "whole";
  readonly grace: "0 seconds" | "1 hour";
  readonly acts: readonly Act[];
  /** What the person does at last: `up`, `refresh` and `up` (what `npm run recover` does), or `destroy`. */
  readonly end: "up" | "recover" | "destroy";
}

const GRACE_SECONDS = 3600;

/** What only a look at the servers can find. */
const HIDDEN: readonly Act["do"][] = ["undo", "secretDeleted", "markerDeleted", "fieldEmptied", "keyRevoked"];

/** A homelab with its stack, which lives through one story after the other. */
export class Life {
  readonly engine = new Engine();
  /** How many of the faults came. */
  struck = 0;
  readonly #lab: Homelab;
  readonly #promises: Promises;
  #grace: Story["grace"] = "1 hour";
  #rotation = 0;
  #revocation = 0;
  #people = false;
  #repositories: readonly string[] = REPOSITORIES.slice(0, 2);
  /** CI may hold a dead key until the next `up` has ended well: that is what was asked for, or somebody did it. */
  #excused = false;
  /** Something is not as the state says, and no refresh has seen it. */
  #hidden = false;
  /** Keys that people made. */
  #byHand = 0;

  /** What went wrong in the middle of a run. */
  readonly #broken: string[] = [];

  constructor(lab: Homelab) {
    this.#lab = lab;
    this.#promises = new Promises(lab, this.engine);
    this.engine.watch = ({ method, url }) => {
      const without = this.#repositoriesWithDeadKey();
      if (without.length > 0)
        this.#broken.push(`after ${method} ${url.pathname} zot refuses the key of ${without.join()}`);
    };
  }

  /** @throws AssertionError that says which of the promises was broken; this life is over then */
  async play(story: Story): Promise<void> {
    this.#grace = story.grace;
    this.#lab.dropKeys(isByHand);
    this.#lab.addKey("by hand");
    this.#byHand = 1;
    if (story.begin === "nothing" && this.engine.state.size > 0) assertDone(await this.engine.destroy());
    if (story.begin === "whole" && this.engine.state.size === 0) assertDone(await this.#up());
    for (const act of story.acts) await this.act(act);
    await this.end(story.end);
  }

  async act(act: Act): Promise<void> {
    const ended = await this.#do(act);
    if (ended === undefined) return;
    if (ended.run.struck !== undefined) {
      this.struck += 1;
      // What was about to be taken away may be wanted again, and be gone or half gone.
      if (act.do === "repositories" || act.do === "groups") this.#hidden = true;
      if (act.do === "destroy") {
        this.#hidden = true;
        // A person is not as fast as this: what Authentik's worker was asked to take away is gone when they go on.
        await this.#lab.settled();
      }
    } else if (!this.#hidden || act.do === "refresh" || act.do === "destroy") assertDone(ended);
    if (ended.how === "done") {
      if (act.do === "refresh") this.#hidden = false;
      else if (!this.#hidden) this.#excused = false;
    }
    // An interrupted revocation got this far.
    if (this.#excused) this.#byHand = Math.min(this.#byHand, this.#lab.keys().filter(isByHand).length);
    this.#assertAlways();
  }

  /** The person does what the README says, and everything is whole, or gone. */
  async end(how: Story["end"]): Promise<void> {
    const { engine } = this;
    if (how === "destroy") {
      assertDone(await engine.destroy());
      this.#assertAlways();
      this.#excused = false;
      this.#hidden = false;
      this.#promises.gone();
      return;
    }
    // What only a look can find, only a look finds.
    if (how === "recover" || this.#hidden) assertDone(await engine.refresh());
    assertDone(await this.#up());
    this.#excused = false;
    this.#hidden = false;
    this.#assertAlways();
    pass(GRACE_SECONDS);
    assertDone(await this.#up());
    this.#promises.whole(this.#declared());
    assertDone(await engine.refresh());
    assert.deepEqual(engine.pending, [], "no operation is pending");
    await this.#assertNothingToDo();
    this.#assertAlways();
  }

  async #do(act: Act): Promise<Ended | undefined> {
    const { engine } = this;
    if (HIDDEN.includes(act.do)) this.#hidden = true;
    const kept = this.#promises.key();
    switch (act.do) {
      case "up":
        return this.#up(act.fault);
      case "rotate":
        this.#rotation += 1;
        return this.#up(act.fault);
      case "undo":
        // The person changes their mind, after an interrupted rotation.
        this.#rotation = Number(kept?.outputs["rotationTrigger"] ?? 0);
        return this.#up(act.fault);
      case "age":
        if (kept !== undefined) {
          pass(Math.max(0, (Date.parse(kept.outputs["rotates"] as string) - Date.now()) / 1000 + 1));
        }
        // Two months after an interrupted rotation that nobody resumed, the key that CI still has has expired.
        if (this.#repositoriesWithDeadKey().length > 0) this.#excused = true;
        return this.#up(act.fault);
      case "revoke":
        this.#revocation += 1;
        this.#excused = true;
        return this.#up(act.fault);
      case "repositories":
        this.#repositories = this.#repositories.includes("own/one") ? REPOSITORIES.slice(1) : REPOSITORIES.slice(0, 2);
        return this.#up(act.fault);
      case "groups":
        // A group that may sign in comes or goes: another blueprint, and one that takes something away.
        this.#people = !this.#people;
        return this.#up(act.fault);
      case "refresh":
        return engine.refresh(act.fault);
      case "destroy":
        return engine.destroy(act.fault);
      case "graceOver":
        pass(GRACE_SECONDS);
        return undefined;
      case "secretDeleted":
        this.#lab.dropSecret(this.#repositories[0] ?? "", SECRET);
        return undefined;
      case "markerDeleted":
        // Of a secret that no state tells of nobody could know then whose it is.
        if (![...engine.state.keys()].some((urn) => urn.endsWith(`::forgejo-${this.#repositories[0] ?? ""}`)))
          return undefined;
        this.#lab.dropVariable(this.#repositories[0] ?? "", MARKER);
        return undefined;
      case "fieldEmptied":
        this.#lab.fillField("");
        return undefined;
      case "keyRevoked":
        this.#lab.dropKeys(({ label }) => generationOf(OWNER, label) !== undefined);
        this.#excused = true;
        return undefined;
      case "keyByHand":
        this.#lab.addKey(`by hand ${(this.#byHand += 1)}`);
        return undefined;
    }
  }

  async #up(fault?: Fault): Promise<Ended> {
    const settings = this.#lab.settings({
      ci: {
        rotationTrigger: String(this.#rotation),
        revocationTrigger: String(this.#revocation),
        gracePeriod: this.#grace,
      },
      access: { signInGroups: this.#declared().groups },
      forgejo: { repositories: this.#repositories },
    });
    const before = this.#promises.key()?.outputs["revocationTrigger"];
    const ended = await this.engine.up(() => program(settings), fault);
    // A first key revokes nobody's: what was made by hand before stays.
    if (before !== undefined && this.#promises.key()?.outputs["revocationTrigger"] !== before) this.#byHand = 0;
    return ended;
  }

  #declared(): Declared {
    return {
      repositories: this.#repositories,
      groups: this.#people ? ["people"] : [],
      byHand: this.#byHand,
      excused: this.#excused,
    };
  }

  #repositoriesWithDeadKey(): readonly string[] {
    return this.#excused ? [] : this.#promises.deadKeys();
  }

  #assertAlways(): void {
    assert.deepEqual(this.#broken.splice(0), [], "zot takes the key that CI has, at every moment");
    this.#promises.always(this.#declared());
  }

  async #assertNothingToDo(): Promise<void> {
    const ended = await this.#up();
    assertDone(ended);
    assert.deepEqual(ended.steps, [], "a second up has nothing to do");
    assert.deepEqual(ended.run.changes, [], "and changes nothing");
  }
}

function assertDone({ how, errors }: Ended): void {
  assert.equal(how, "done", errors.join("\n"));
}
