// A key's life: acts that change it, and what must hold after each and at the end.
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
import { BEGINNING } from "./known.ts";
import type { Known } from "./known.ts";
import { momentOf } from "./moment.ts";
import type { Moment } from "./moment.ts";
import { HIDDEN } from "./story.ts";
import type { Act, Killed, Story } from "./story.ts";
import { REPOSITORIES } from "../homelab/servers.ts";
import { likenessOf } from "../world/likeness.ts";
import { Unlike } from "../world/unlike.ts";
import type { Stage } from "../world/unlike.ts";
import { restore, worldOf } from "../world/world.ts";
import type { Parts, World } from "../world/world.ts";

const GRACE_SECONDS = 3600;

/** A homelab and its stack, reused from story to story. What was played from a world on, to the end, is not played again from one that is like it. */
export class Life {
  readonly engine = new Engine();
  /** The number of faults that occurred. */
  struck = 0;
  readonly #lab: Homelab;
  readonly #parts: Parts;
  readonly #invariants: Invariants;
  #known: Known = { ...BEGINNING, grace: "1 hour" };
  /** The worlds in which stories begin. */
  readonly #beginnings = new Map<string, World>();
  readonly #unlike = new Unlike();
  readonly #broken: string[] = [];

  /** @param lab nothing was done in it */
  constructor(lab: Homelab) {
    this.#lab = lab;
    this.#parts = { lab, engine: this.engine };
    this.#invariants = new Invariants(lab, this.engine);
    this.engine.watch = ({ method, url }) => {
      const without = this.#repositoriesWithDeadKey();
      if (without.length > 0)
        this.#broken.push(`after ${method} ${url.pathname} zot refuses the key of ${without.join()}`);
    };
  }

  /** @throws Error naming the broken promise; do not reuse this homelab afterwards */
  async play({ begin, grace, acts, end }: Story): Promise<void> {
    this.#known = { ...BEGINNING, grace };
    await this.#begin(begin);
    let working = false;
    for (const act of acts) working = (await this.act(act)) || working;
    const [first, ...others] = this.#end(end);
    // The user does not wait, and what servers have yet to do is in no world.
    if (working) await first?.play();
    await this.#play(working || first === undefined ? others : [first, ...others]);
  }

  /**
   * Kills a run before and after each request that changes something, and plays what follows.
   *
   * @returns the number of requests
   * @throws Error naming the broken promise; do not reuse this homelab afterwards
   */
  async playKills({ begin, grace, run, next, end }: Killed): Promise<number> {
    this.#known = { ...BEGINNING, grace };
    await this.#begin(begin);
    const revocation = this.#revoked();
    const kills: (readonly [Moment, World, Known])[] = [];
    const seen = new Set<string>();
    let requests = 0;
    this.engine.eachKill = async (kill) => {
      requests = kill.at;
      const moment = momentOf(kill, end);
      await this.#lab.settled();
      const { lab, engine } = this.#parts;
      const like = likenessOf({ lab, engine: { ...engine, ...moment.left } }, [moment.end, this.#known]);
      if (seen.has(like)) return;
      seen.add(like);
      kills.push([moment, { ...(await worldOf(this.#parts)), ...moment.left }, { ...this.#known }]);
    };
    try {
      await this.act({ do: run });
    } finally {
      this.engine.eachKill = undefined;
    }
    for (const [moment, world, known] of kills) {
      await restore(this.#parts, world);
      this.#known = { ...known };
      if (run !== "destroy") this.#forgetRevoked(revocation);
      try {
        this.#interrupted(run);
        this.engine.said.push(JSON.stringify(world.state));
        this.#after();
        const acts = next === undefined ? [] : [{ name: next, play: async () => void (await this.act({ do: next })) }];
        await this.#play([...acts, ...this.#end(moment.end)]);
      } catch (error) {
        throw new Error(`${moment.name}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    return requests;
  }

  async #play(stages: readonly Stage[]): Promise<void> {
    await this.#lab.settled();
    const failed = await this.#unlike.play(this.#parts, stages, () => this.#known);
    if (failed !== undefined) throw failed.error;
  }

  async #begin(begin: Story["begin"]): Promise<void> {
    this.#broken.length = 0;
    const name = begin === "nothing" ? begin : `${begin}, ${this.#known.grace}`;
    const world = this.#beginnings.get(name);
    if (world !== undefined) {
      await restore(this.#parts, world);
      return;
    }
    if (begin === "nothing") {
      this.#lab.dropKeys(isByHand);
      this.#lab.addKey("by hand");
    } else {
      await this.#begin(begin === "destroyed" ? "whole" : "nothing");
      if (begin === "destroyed") assertDone(await this.engine.destroy());
      else assertDone(await this.#up());
      // It was done before: no story begins within its grace period.
      pass(GRACE_SECONDS);
    }
    this.#beginnings.set(name, await worldOf(this.#parts));
  }

  /** @returns whether servers may still work on what an interrupted run asked for */
  async act(act: Act): Promise<boolean> {
    const ended = await this.#do(act);
    if (ended === undefined) return false;
    if (ended.run.struck !== undefined) {
      this.#interrupted(act.do);
      // A user is slower than this test: Authentik's worker has finished its deletions before the next command.
      if (act.do === "destroy") await this.#lab.settled();
    } else if (!this.#known.hidden || act.do === "refresh" || act.do === "destroy") assertDone(ended);
    if (ended.how === "done") {
      if (act.do === "refresh") this.#known.hidden = false;
      else if (!this.#known.hidden) this.#known.excused = false;
    }
    this.#after();
    return ended.how !== "done";
  }

  #interrupted(what: Act["do"]): void {
    this.struck += 1;
    // An object whose deletion was interrupted may be declared again, and be deleted or half deleted.
    if (what === "repositories" || what === "groups" || what === "destroy") this.#known.hidden = true;
  }

  #after(): void {
    const known = this.#known;
    // The interrupted revocation reached this point.
    if (known.excused) known.byHand = Math.min(known.byHand, this.#lab.keys().filter(isByHand).length);
    this.#assertAlways();
  }

  /** After the commands that the README gives, everything is restored, or deleted. */
  #end(how: Story["end"]): readonly Stage[] {
    const { engine } = this;
    if (how === "destroy") return [{ name: "destroy, and nothing is left", play: async () => this.#destroy() }];
    return [
      {
        name: how,
        play: async () => {
          // Only a refresh finds changes made on the servers.
          if (how === "recover" || this.#known.hidden) assertDone(await engine.refresh());
          assertDone(await this.#up());
          this.#known.excused = false;
          this.#known.hidden = false;
          this.#assertAlways();
        },
      },
      {
        name: "up after the grace period, and all is there",
        play: async () => {
          pass(GRACE_SECONDS);
          assertDone(await this.#up());
          this.#invariants.whole(this.#declared());
          this.#assertAlways();
        },
      },
      ...(how === "recover" ? [{ name: "nothing to do", play: async () => this.#assertNothingToDo() }] : []),
    ];
  }

  async #destroy(): Promise<void> {
    assertDone(await this.engine.destroy());
    this.#assertAlways();
    this.#known.excused = false;
    this.#known.hidden = false;
    this.#invariants.gone();
  }

  async #do(act: Act): Promise<Ended | undefined> {
    const { engine } = this;
    if (HIDDEN.includes(act.do)) this.#known.hidden = true;
    const kept = this.#invariants.key();
    switch (act.do) {
      case "up":
        return this.#up(act.fault);
      case "rotate":
        this.#known.rotation += 1;
        return this.#up(act.fault);
      case "undo":
        // The user changes their mind after an interrupted rotation.
        this.#known.rotation = Number(kept?.outputs["rotationTrigger"] ?? 0);
        return this.#up(act.fault);
      case "age":
        if (kept !== undefined) {
          pass(Math.max(0, (Date.parse(kept.outputs["rotates"] as string) - Date.now()) / 1000 + 1));
        }
        // If nobody resumes an interrupted rotation, the key that CI still has expires within two months.
        if (this.#repositoriesWithDeadKey().length > 0) this.#known.excused = true;
        return this.#up(act.fault);
      case "revoke":
        this.#known.revocation += 1;
        this.#known.excused = true;
        return this.#up(act.fault);
      case "repositories":
        this.#known.repositories = this.#known.repositories.includes("own/one")
          ? REPOSITORIES.slice(1)
          : REPOSITORIES.slice(0, 2);
        return this.#up(act.fault);
      case "groups":
        // Adding or removing a group that may sign in changes the blueprint; removing one also deletes an object.
        this.#known.people = !this.#known.people;
        return this.#up(act.fault);
      case "refresh":
        return engine.refresh(act.fault);
      case "destroy":
        return engine.destroy(act.fault);
      case "graceOver":
        pass(GRACE_SECONDS);
        return undefined;
      case "secretDeleted":
        this.#lab.dropSecret(this.#known.repositories[0] ?? "", SECRET);
        return undefined;
      case "markerDeleted":
        // Without an entry in the state, the owner of a secret would be unknown.
        if (!engine.state.some(({ urn }) => urn.endsWith(`::forgejo-${this.#known.repositories[0] ?? ""}`)))
          return undefined;
        this.#lab.dropVariable(this.#known.repositories[0] ?? "", MARKER);
        return undefined;
      case "fieldEmptied":
        this.#lab.fillField("");
        return undefined;
      case "keyRevoked":
        this.#lab.dropKeys(({ label }) => generationOf(OWNER, label) !== undefined);
        this.#known.excused = true;
        return undefined;
      case "keyByHand":
        this.#lab.addKey(`by hand ${(this.#known.byHand += 1)}`);
        return undefined;
    }
  }

  async #up(fault?: Fault): Promise<Ended> {
    const settings = this.#lab.settings({
      ci: {
        rotationTrigger: String(this.#known.rotation),
        revocationTrigger: String(this.#known.revocation),
        gracePeriod: this.#known.grace,
      },
      access: { signInGroups: this.#declared().groups },
      forgejo: { repositories: this.#known.repositories },
    });
    const before = this.#revoked();
    const ended = await this.engine.up(() => program(settings), fault);
    this.#forgetRevoked(before);
    return ended;
  }

  /** The trigger of the last revocation that the state knows of. */
  #revoked(): unknown {
    return this.#invariants.key()?.outputs["revocationTrigger"];
  }

  /** The first key revokes none: keys created by hand before stay. */
  #forgetRevoked(before: unknown): void {
    if (before !== undefined && this.#revoked() !== before) this.#known.byHand = 0;
  }

  #declared(): Declared {
    return {
      repositories: this.#known.repositories,
      groups: this.#known.people ? ["people"] : [],
      byHand: this.#known.byHand,
      excused: this.#known.excused,
    };
  }

  #repositoriesWithDeadKey(): readonly string[] {
    return this.#known.excused ? [] : this.#invariants.deadKeys();
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
