// The acts that can happen in a key's life, and what must hold after each and at the end.
import assert from "node:assert/strict";
import { generationOf } from "../../../systems/zot/keys/rotation.ts";
import { pass } from "../homelab/clock.ts";
import { Engine } from "../engine/engine.ts";
import type { Ended } from "../engine/engine.ts";
import type { Fault } from "../requests/gate.ts";
import type { Homelab } from "../homelab/homelab.ts";
import { OWNER, program } from "../engine/program.ts";
import { MARKER, Invariants, SECRET, isByHand } from "./invariants.ts";
import type { Declared } from "./invariants.ts";
import { REPOSITORIES } from "../homelab/servers.ts";

/** A run of the CLI, with the settings changed before it and the fault in it. */
export interface RunAct {
  readonly do: "up" | "rotate" | "undo" | "age" | "revoke" | "repositories" | "groups" | "refresh" | "destroy";
  readonly fault?: Fault;
}

/** A change that other people make, or the passing of time. */
export interface OtherAct {
  readonly do: "graceOver" | "secretDeleted" | "markerDeleted" | "fieldEmptied" | "keyRevoked" | "keyByHand";
}

export type Act = RunAct | OtherAct;

export interface Story {
  /** The start: no stack, or a healthy one. */
  readonly begin: "nothing" | "whole";
  readonly grace: "0 seconds" | "1 hour";
  readonly acts: readonly Act[];
  /** The final command: `up`; `refresh` and `up`, as `npm run recover` does, after which another `up` must have nothing to do; or `destroy`. */
  readonly end: "up" | "recover" | "destroy";
}

const GRACE_SECONDS = 3600;

/** Changes that only a refresh can find. */
const HIDDEN: readonly Act["do"][] = ["undo", "secretDeleted", "markerDeleted", "fieldEmptied", "keyRevoked"];

/** A homelab and its stack, reused from story to story. */
export class Life {
  readonly engine = new Engine();
  /** The number of faults that occurred. */
  struck = 0;
  /** Of the last run: see {@link Run.struckUnrecorded}. */
  struckUnrecorded = false;
  readonly #lab: Homelab;
  readonly #invariants: Invariants;
  #grace: Story["grace"] = "1 hour";
  #rotation = 0;
  #revocation = 0;
  #people = false;
  #repositories: readonly string[] = REPOSITORIES.slice(0, 2);
  /** CI may hold a revoked key until the next successful `up`, because the user requested it or someone revoked it by hand. */
  #excused = false;
  /** The servers differ from the state, and no refresh has found it yet. */
  #hidden = false;
  /** Keys created by hand. */
  #byHand = 0;

  /** The faults that interrupted a run. */
  readonly #broken: string[] = [];

  constructor(lab: Homelab) {
    this.#lab = lab;
    this.#invariants = new Invariants(lab, this.engine);
    this.engine.watch = ({ method, url }) => {
      const without = this.#repositoriesWithDeadKey();
      if (without.length > 0)
        this.#broken.push(`after ${method} ${url.pathname} zot refuses the key of ${without.join()}`);
    };
  }

  /** @throws AssertionError naming the broken promise; do not reuse this homelab afterwards */
  async play(story: Story): Promise<void> {
    this.#grace = story.grace;
    this.#lab.dropKeys(isByHand);
    this.#lab.addKey("by hand");
    this.#byHand = 1;
    if (story.begin === "nothing" && this.engine.state.length > 0) assertDone(await this.engine.destroy());
    if (story.begin === "whole" && this.engine.state.length === 0) assertDone(await this.#up());
    for (const act of story.acts) await this.act(act);
    await this.end(story.end);
  }

  async act(act: Act): Promise<void> {
    const ended = await this.#do(act);
    if (ended === undefined) return;
    if (ended.run.struck !== undefined) {
      this.struck += 1;
      this.struckUnrecorded = ended.run.struckUnrecorded;
      // An object whose deletion was interrupted may be declared again, and be deleted or half deleted.
      if (act.do === "repositories" || act.do === "groups") this.#hidden = true;
      if (act.do === "destroy") {
        this.#hidden = true;
        // A user is slower than this test: Authentik's worker has finished its deletions before the next command.
        await this.#lab.settled();
      }
    } else if (!this.#hidden || act.do === "refresh" || act.do === "destroy") assertDone(ended);
    if (ended.how === "done") {
      if (act.do === "refresh") this.#hidden = false;
      else if (!this.#hidden) this.#excused = false;
    }
    // The interrupted revocation reached this point.
    if (this.#excused) this.#byHand = Math.min(this.#byHand, this.#lab.keys().filter(isByHand).length);
    this.#assertAlways();
  }

  /** After the commands that the README gives, everything is restored, or deleted. */
  async end(how: Story["end"]): Promise<void> {
    const { engine } = this;
    if (how === "destroy") {
      assertDone(await engine.destroy());
      this.#assertAlways();
      this.#excused = false;
      this.#hidden = false;
      this.#invariants.gone();
      return;
    }
    // Only a refresh finds changes made on the servers.
    if (how === "recover" || this.#hidden) assertDone(await engine.refresh());
    assertDone(await this.#up());
    this.#excused = false;
    this.#hidden = false;
    this.#assertAlways();
    pass(GRACE_SECONDS);
    assertDone(await this.#up());
    this.#invariants.whole(this.#declared());
    this.#assertAlways();
    if (how === "recover") await this.#assertNothingToDo();
  }

  async #do(act: Act): Promise<Ended | undefined> {
    const { engine } = this;
    if (HIDDEN.includes(act.do)) this.#hidden = true;
    const kept = this.#invariants.key();
    switch (act.do) {
      case "up":
        return this.#up(act.fault);
      case "rotate":
        this.#rotation += 1;
        return this.#up(act.fault);
      case "undo":
        // The user changes their mind after an interrupted rotation.
        this.#rotation = Number(kept?.outputs["rotationTrigger"] ?? 0);
        return this.#up(act.fault);
      case "age":
        if (kept !== undefined) {
          pass(Math.max(0, (Date.parse(kept.outputs["rotates"] as string) - Date.now()) / 1000 + 1));
        }
        // If nobody resumes an interrupted rotation, the key that CI still has expires within two months.
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
        // Adding or removing a group that may sign in changes the blueprint; removing one also deletes an object.
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
        // Without an entry in the state, the owner of a secret would be unknown.
        if (!engine.state.some(({ urn }) => urn.endsWith(`::forgejo-${this.#repositories[0] ?? ""}`))) return undefined;
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
    const before = this.#invariants.key()?.outputs["revocationTrigger"];
    const ended = await this.engine.up(() => program(settings), fault);
    // The first key revokes none: keys created by hand before stay.
    if (before !== undefined && this.#invariants.key()?.outputs["revocationTrigger"] !== before) this.#byHand = 0;
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
    return this.#excused ? [] : this.#invariants.deadKeys();
  }

  #assertAlways(): void {
    assert.deepEqual(this.#broken.splice(0), [], "zot takes the key that CI has, at every moment");
    this.#invariants.always(this.#declared());
  }

  async #assertNothingToDo(): Promise<void> {
    assertDone(await this.engine.refresh());
    assert.deepEqual(this.engine.unfinished(), [], "no operation is pending");
    const ended = await this.#up();
    assertDone(ended);
    assert.deepEqual(ended.steps, [], "a second up has nothing to do");
    assert.deepEqual(ended.run.changes, [], "and changes nothing");
    this.#assertAlways();
  }
}

function assertDone({ how, errors }: Ended): void {
  assert.equal(how, "done", errors.join("\n"));
}
