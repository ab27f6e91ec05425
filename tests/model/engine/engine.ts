// A model of Pulumi's engine, limited to what decides the order of steps and what the state records when a run is interrupted. The
// components, the SDK and the provider's handlers are the real ones. tests/engine/order compares it with the real CLI, and says what it does not model.
import { Deployment } from "./deployment.ts";
import type { Step } from "./deployment.ts";
import { zotAuth } from "../../../provider/definition.ts";
import { Providers } from "./definition.ts";
import type { Definition } from "./definition.ts";
import type { Kept } from "./state.ts";
import { Run, within } from "../requests/gate.ts";
import type { Fault, Look, Sent } from "../requests/gate.ts";
import type { Response } from "../requests/inProcess.ts";

export type { Kept } from "./state.ts";
export type { Step } from "./deployment.ts";

export interface Ended {
  readonly how: "done" | "failed" | "killed";
  /** The steps that were started, in order, without unchanged resources. */
  readonly steps: readonly Step[];
  readonly errors: readonly string[];
  readonly run: Run;
}

/** What the state would be after a kill. */
export interface Kill {
  readonly sent: Sent;
  /** The number of the request. */
  readonly at: number;
  readonly when: "before" | "after";
  readonly state: readonly Kept[];
  /** After a kill of the CLI, or of the provider alone: the engine outlives its provider and learns that the step failed. */
  readonly pending: Readonly<Record<"cli" | "provider", readonly Step[]>>;
}

export class Engine {
  /** The state file between runs. */
  state: readonly Kept[] = [];
  /** Steps with an unknown outcome. For creates, Pulumi requires `refresh --clear-pending-creates`. */
  pending: readonly Step[] = [];
  /** Everything a user could read. */
  readonly said: string[] = [];
  /** Called after each request that changes something. */
  watch: (sent: Sent) => void = () => undefined;
  /** What is answered in a server's place. */
  refuse: (sent: Sent) => Response | undefined = () => undefined;
  /** Called before and after each request that changes something, when all that was sent is processed: what if the run were killed here? */
  eachKill: ((kill: Kill) => Promise<void>) | undefined;
  readonly #providers: Providers;

  constructor(definitions: readonly Definition[] = [zotAuth]) {
    this.#providers = new Providers(definitions);
  }

  async up(program: () => void, fault?: Fault): Promise<Ended> {
    return this.#run(fault, async (deployment) => deployment.up(program));
  }

  /** Like `pulumi refresh --clear-pending-creates`. */
  async refresh(fault?: Fault): Promise<Ended> {
    return this.#run(fault, async (deployment) => {
      this.pending = [];
      await deployment.refresh();
    });
  }

  async destroy(fault?: Fault): Promise<Ended> {
    return this.#run(fault, async (deployment) => deployment.destroy());
  }

  /** What a `check` of the state complains about: replaced resources that were not deleted, and steps with an unknown outcome. */
  unfinished(): readonly string[] {
    const phases = this.state.flatMap(({ urn, phase }) => (phase === undefined ? [] : [`${phase} ${urn}`]));
    return [...phases, ...this.pending.map(({ op, urn }) => `${op} ${urn}`)];
  }

  async #run(fault: Fault | undefined, work: (deployment: Deployment) => Promise<void>): Promise<Ended> {
    const look: Look = (sent, at, when) => {
      const pending = { cli: [...this.#left(), ...deployment.going], provider: this.#left() };
      const kill = { sent, at, when, state: deployment.state.all(), pending };
      return async () => this.eachKill?.(kill);
    };
    const run = new Run(
      fault,
      (sent) => this.watch(sent),
      (sent) => this.refuse(sent),
      this.eachKill === undefined ? undefined : look,
    );
    const deployment = new Deployment(run, this.#providers, this.state, this.said);
    await within(run, async () => Promise.race([work(deployment), deployment.stopped, run.died]));
    // Steps running in parallel with the failed one finish; killed ones do nothing more.
    await deployment.settled();
    await run.settled();
    this.state = deployment.state.all();
    this.pending = run.dead && fault?.then === "cli" ? [...this.#left(), ...deployment.going] : this.#left();
    const how = run.dead ? "killed" : deployment.errors.length > 0 ? "failed" : "done";
    this.said.push(...deployment.errors, JSON.stringify(this.state));
    return { how, steps: deployment.steps, errors: deployment.errors, run };
  }

  /** A run forgets the unknown outcomes of earlier ones, except for creates. */
  #left(): readonly Step[] {
    return this.pending.filter(({ op }) => op === "create");
  }
}
