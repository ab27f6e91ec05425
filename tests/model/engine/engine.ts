// A model of Pulumi's engine, limited to what decides the order of steps and what the state records when a run is interrupted. The
// components, the SDK and the provider's handlers are the real ones. tests/engine/order compares it with the real CLI, and says what it does not model.
import { Deployment } from "./deployment.ts";
import type { Step } from "./deployment.ts";
import { zotAuth } from "../../../provider/definition.ts";
import { Providers } from "./definition.ts";
import type { Definition } from "./definition.ts";
import type { Kept } from "./state.ts";
import { Run, within } from "../requests/gate.ts";
import type { Fault, Sent } from "../requests/gate.ts";
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
    const run = new Run(
      fault,
      (sent) => this.watch(sent),
      (sent) => this.refuse(sent),
    );
    const deployment = new Deployment(run, this.#providers, this.state, this.said);
    run.recorded = () => deployment.state.changes + deployment.begun;
    await within(run, async () => Promise.race([work(deployment), deployment.stopped, run.died]));
    // Steps running in parallel with the failed one finish; killed ones do nothing more.
    await deployment.settled();
    await run.settled();
    this.state = deployment.state.all();
    // A run forgets the unknown outcomes of earlier ones, except for creates.
    this.pending = this.pending.filter(({ op }) => op === "create");
    // The engine outlives its provider and learns that the step failed.
    if (run.dead && fault?.then === "cli") this.pending = [...this.pending, ...deployment.going];
    const how = run.dead ? "killed" : deployment.errors.length > 0 ? "failed" : "done";
    this.said.push(...deployment.errors, JSON.stringify(this.state));
    return { how, steps: deployment.steps, errors: deployment.errors, run };
  }
}
