// A model of Pulumi's engine, limited to what decides the order of steps and what the state records when a run is interrupted. The
// components, the SDK and the provider's handlers are the real ones. tests/engine/commands/recover.ts covers a few cases with
// the real engine.
import { runtime } from "@pulumi/pulumi";
import type { RegisterResourceRequest } from "@pulumi/pulumi/proto/resource_pb.js";
import { Monitor } from "./monitor.ts";
import { functions, resources } from "../../../provider/handlers.ts";
import type { Context, ResourceHandler, Values } from "../../../provider/grpc/types.ts";
import { Run, within } from "../requests/gate.ts";
import type { Fault, Sent } from "../requests/gate.ts";

/** A resource in the state. */
export interface Kept {
  readonly urn: string;
  readonly type: string;
  readonly id: string;
  readonly inputs: Values;
  readonly outputs: Values;
  /** URNs, including the parent's, that must exist as long as this resource does. */
  readonly needs: readonly string[];
}

export interface Step {
  readonly op: "create" | "update" | "read" | "delete" | "invoke";
  readonly urn: string;
}

export interface Ended {
  readonly how: "done" | "failed" | "killed";
  /** The steps that were started, in order, without unchanged resources. */
  readonly steps: readonly Step[];
  readonly errors: readonly string[];
  readonly run: Run;
}

export class Engine {
  /** The state file between runs. */
  state: ReadonlyMap<string, Kept> = new Map();
  /** Creates with an unknown outcome: Pulumi requires `refresh --clear-pending-creates`. */
  pending: readonly string[] = [];
  /** Everything a user could read. */
  readonly said: string[] = [];
  /** Called after each request that changes something. */
  watch: (sent: Sent) => void = () => undefined;

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
    return this.#run(fault, async (deployment) => deployment.remove([...this.state.values()]));
  }

  async #run(fault: Fault | undefined, work: (deployment: Deployment) => Promise<void>): Promise<Ended> {
    const run = new Run(fault, (sent) => this.watch(sent));
    const deployment = new Deployment(run, this.state, this.said);
    await within(run, async () => Promise.race([work(deployment), deployment.stopped, run.died]));
    // Steps running in parallel with the failed one finish; killed ones do nothing more.
    await deployment.settled();
    await run.settled();
    this.state = deployment.state;
    // The engine outlives its provider and learns that the create failed.
    if (run.dead && fault?.then === "cli") this.pending = [...this.pending, ...deployment.creating];
    const how = run.dead ? "killed" : deployment.errors.length > 0 ? "failed" : "done";
    this.said.push(...deployment.errors, JSON.stringify([...this.state.values()]));
    return { how, steps: deployment.steps, errors: deployment.errors, run };
  }
}

class Deployment {
  readonly state: Map<string, Kept>;
  readonly steps: Step[] = [];
  readonly errors: string[] = [];
  readonly creating = new Set<string>();
  readonly stopped: Promise<undefined>;
  readonly #run: Run;
  readonly #said: string[];
  readonly #stop: () => void;
  readonly #going = new Set<Promise<unknown>>();
  readonly #registered = new Set<string>();

  constructor(run: Run, state: ReadonlyMap<string, Kept>, said: string[]) {
    this.#run = run;
    this.state = new Map(state);
    this.#said = said;
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.stopped = promise;
    this.#stop = () => resolve(undefined);
  }

  async settled(): Promise<void> {
    while (this.#going.size > 0) await Promise.allSettled(this.#going);
  }

  async up(program: () => void): Promise<void> {
    runtime.setMockOptions(
      new Monitor(
        async (request) => this.#register(request),
        async (token, args) => this.#invoke(token, args),
      ),
      "zot-auth",
      "model",
      false,
    );
    program();
    await runtime.disconnect();
    await this.remove([...this.state.values()].filter(({ urn }) => !this.#registered.has(urn)));
  }

  async refresh(): Promise<void> {
    await Promise.all(
      [...this.state.values()].map(async (kept) => {
        const { urn, id, outputs, inputs, type } = kept;
        const handler = await handlerOf(type);
        if (handler?.read === undefined) return;
        const read = handler.read;
        const seen = await this.#step("read", urn, async (context) => read(id, outputs, inputs, context));
        if (seen === undefined) this.state.delete(urn);
        else this.state.set(urn, { ...kept, outputs: plain(seen.state) });
      }),
    );
  }

  /** In parallel, each as soon as nothing depends on it. */
  async remove(going: readonly Kept[]): Promise<void> {
    const left = new Map(going.map((kept) => [kept.urn, kept]));
    while (left.size > 0) {
      const free = [...left.values()].filter(({ urn }) => ![...left.values()].some(({ needs }) => needs.includes(urn)));
      await Promise.all(free.map(async (kept) => this.#delete(kept)));
      for (const { urn } of free) left.delete(urn);
    }
  }

  async #delete({ urn, id, type, outputs }: Kept): Promise<void> {
    const handler = await handlerOf(type);
    if (handler?.delete === undefined) this.state.delete(urn);
    else {
      const remove = handler.delete;
      await this.#step("delete", urn, async (context) => remove(id, outputs, context));
      this.state.delete(urn);
    }
  }

  /** Answers the SDK, but never after the run has ended: the engine would have killed the program by then. */
  async #register(request: RegisterResourceRequest): Promise<Kept> {
    const type = request.getType();
    const parent = request.getParent();
    const parentType = parent.split("::")[2];
    const path = parentType === undefined || parentType === "pulumi:pulumi:Stack" ? type : `${parentType}$${type}`;
    const urn = `urn:pulumi:model::zot-auth::${path}::${request.getName()}`;
    this.#registered.add(urn);
    const inputs = plain(Monitor.inputsOf(request));
    const needs = [...request.getDependenciesList(), ...(parent === "" ? [] : [parent])];
    const handler = await handlerOf(type);
    const kept = await this.#settle({ urn, type, inputs, needs, id: "", outputs: {} }, handler);
    this.state.set(urn, kept);
    return kept;
  }

  /** Like a step, a failing function ends the run. */
  async #invoke(token: string, args: Values): Promise<Values> {
    const handler = await functions[token]?.();
    if (handler === undefined) throw new Error(`there is no function ${token}`);
    return plain(await this.#step("invoke", token, async (context) => handler.call(args, context)));
  }

  async #settle(wanted: Kept, handler: ResourceHandler | undefined): Promise<Kept> {
    const { urn, inputs } = wanted;
    if (handler === undefined) return wanted;
    const before = this.state.get(urn);
    if (before === undefined) {
      this.creating.add(urn);
      const { id, state } = await this.#step("create", urn, async (context) => handler.create(inputs, context));
      this.creating.delete(urn);
      return { ...wanted, id, outputs: plain(state) };
    }
    const { id, outputs } = before;
    const found = await handler.diff?.({ id, inputs, oldInputs: before.inputs, state: outputs }, this.#context(urn));
    if (found === undefined || found.changes === "none") return { ...wanted, id, outputs };
    if ((found.replaces ?? []).length > 0) throw new Error(`the model does not replace: ${urn}`);
    const update = handler.update;
    if (update === undefined) throw new Error(`${urn} cannot be updated`);
    const state = await this.#step("update", urn, async (context) => update(id, outputs, inputs, context));
    return { ...wanted, id, outputs: plain(state) };
  }

  async #step<T>(op: Step["op"], urn: string, action: (context: Context) => Promise<T>): Promise<T> {
    // A failed step ends the run once the parallel steps have finished.
    if (this.errors.length > 0) return new Promise(() => undefined);
    if (op !== "invoke") this.steps.push({ op, urn });
    const going = action(this.#context(urn));
    this.#going.add(going);
    try {
      const result = await going;
      if (!this.#run.dead) return result;
    } catch (error) {
      if (!this.#run.dead) {
        this.errors.push(error instanceof Error ? error.message : String(error));
        this.#stop();
      }
    } finally {
      this.#going.delete(going);
    }
    return new Promise(() => undefined);
  }

  #context(urn: string): Context {
    const say = (message: string): void => void this.#said.push(message);
    const [, , type = "", name = ""] = urn.split("::");
    return {
      urn,
      type,
      name,
      preview: false,
      signal: this.#run.signal,
      secretInputs: new Set(),
      progress: say,
      info: say,
      warn: say,
    };
  }
}

/** Loaded handlers by type: a story runs so many steps that importing them anew each time would show. */
const loaded = new Map<string, Promise<ResourceHandler> | undefined>();

async function handlerOf(type: string): Promise<ResourceHandler | undefined> {
  if (!loaded.has(type)) loaded.set(type, resources[type]?.());
  return loaded.get(type);
}

/** As read back from the state file. */
function plain(values: Values): Values {
  return JSON.parse(JSON.stringify(values)) as Values;
}
