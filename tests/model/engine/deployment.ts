// One run of the model's engine.
import { createRequire } from "node:module";
import { runtime } from "@pulumi/pulumi";
import type { RegisterResourceRequest } from "@pulumi/pulumi/proto/resource_pb.js";
import { UNKNOWN } from "../../../provider/grpc/types.ts";
import type { Context, Value, Values } from "../../../provider/grpc/types.ts";
import type { Run } from "../requests/gate.ts";
import { changeOf, isProvider } from "./definition.ts";
import type { Providers } from "./definition.ts";
import { Monitor } from "./monitor.ts";
import { deletionGroups, dependentsOf } from "./schedule.ts";
import { State } from "./state.ts";
import type { Kept } from "./state.ts";
import { PROJECT, STACK, formerUrns, urnOf } from "./urns.ts";

const { getStore } = createRequire(import.meta.url)("@pulumi/pulumi/runtime/state") as {
  readonly getStore: () => object;
};

export interface Step {
  readonly op: "create" | "update" | "read" | "delete" | "invoke";
  readonly urn: string;
}

export class Deployment {
  readonly state: State;
  readonly steps: Step[] = [];
  readonly errors: string[] = [];
  /** The steps under way that change something. */
  readonly going = new Set<Step>();
  readonly stopped: Promise<undefined>;
  readonly #run: Run;
  readonly #providers: Providers;
  readonly #said: string[];
  readonly #stop: () => void;
  readonly #unfinished = new Set<Promise<unknown>>();
  readonly #registered = new Map<string, Kept>();

  constructor(run: Run, providers: Providers, before: readonly Kept[], said: string[]) {
    this.#run = run;
    this.#providers = providers;
    this.state = new State(before);
    this.#said = said;
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.stopped = promise;
    this.#stop = () => resolve(undefined);
  }

  async settled(): Promise<void> {
    while (this.#unfinished.size > 0) await Promise.allSettled(this.#unfinished);
  }

  async up(program: () => void): Promise<void> {
    const monitor = new Monitor(
      async (request) => this.#register(request),
      async (token, args) => this.#invoke(token, args),
    );
    runtime.setMockOptions(monitor, PROJECT, STACK, false);
    Object.assign(getStore(), { supportsAliasSpecs: true });
    program();
    await runtime.disconnect();
    // What the program no longer has, and what was replaced, in this run or in an earlier one that did not come to its end.
    await this.#delete(
      this.state.left().filter(({ urn, phase }) => phase === "replaced" || !this.#registered.has(urn)),
    );
  }

  async destroy(): Promise<void> {
    await this.#configureFromState();
    await this.#delete(this.state.left());
  }

  async refresh(): Promise<void> {
    await this.#configureFromState();
    await Promise.all(this.state.left().map(async (kept) => this.#read(kept)));
    this.state.repair();
  }

  async #read(kept: Kept): Promise<void> {
    const { urn, id, outputs, inputs, type, custom, phase } = kept;
    if (!custom || isProvider(kept) || phase === "deleted") return;
    const { read } = await this.#providers.handlerOf(type);
    if (read === undefined) return;
    await this.#step(
      { op: "read", urn },
      async (context) => read(id, outputs, inputs, context),
      (seen) => {
        if (seen === undefined) this.state.remove(kept);
        else this.state.change(kept, { ...kept, id: seen.id, inputs: plain(seen.inputs), outputs: plain(seen.state) });
      },
    );
  }

  async #delete(going: readonly Kept[]): Promise<void> {
    for (const group of deletionGroups(this.state.all(), going)) {
      await Promise.all(group.map(async (kept) => this.#deleteOne(kept, () => this.state.remove(kept))));
    }
  }

  async #deleteOne(kept: Kept, end: () => void): Promise<void> {
    const { urn, id, outputs, custom, type, phase } = kept;
    const remove =
      custom && !isProvider(kept) && phase !== "deleted" ? (await this.#providers.handlerOf(type)).delete : undefined;
    if (remove === undefined) end();
    else await this.#step({ op: "delete", urn }, async (context) => remove(id, outputs, context), end);
  }

  /** Answers the SDK, but never after the run has ended: the engine would have killed the program by then. */
  async #register(request: RegisterResourceRequest): Promise<Kept> {
    const wanted = wantedBy(request);
    this.#registered.set(wanted.urn, wanted);
    const before = this.state.find([wanted.urn, ...formerUrns(request)]);
    if (isProvider(wanted)) return this.#provider(wanted, before);
    if (!wanted.custom) {
      this.state.settle(wanted, before);
      return wanted;
    }
    if (before === undefined) return this.#create(wanted, (kept) => this.state.settle(kept, undefined));
    const handler = await this.#providers.handlerOf(wanted.type);
    const { id, outputs, phase } = before;
    if (phase === "deleted") return this.#create(wanted, (kept) => this.state.settle(kept, before));
    const change = await changeOf(handler, before, wanted.inputs, this.#context(wanted.urn));
    switch (change) {
      case "none": {
        const kept = { ...wanted, id, outputs };
        this.state.settle(kept, before);
        return kept;
      }
      case "update": {
        const update = handler.update;
        if (update === undefined) throw new Error(`${wanted.urn} cannot be updated`);
        return this.#step(
          { op: "update", urn: wanted.urn },
          async (context) => update(id, outputs, wanted.inputs, context),
          (state) => {
            const kept = { ...wanted, id, outputs: plain(state) };
            this.state.settle(kept, before);
            return kept;
          },
        );
      }
      case "replace":
      case "deleteAndReplace": {
        const first = request.getDeletebeforereplacedefined()
          ? request.getDeletebeforereplace()
          : change === "deleteAndReplace";
        if (!first) return this.#create(wanted, (kept) => this.state.replace(kept, before));
        const deleted = await this.#deleteFirst(before);
        return this.#create(wanted, (kept) => this.state.settle(kept, deleted));
      }
    }
  }

  async #create(wanted: Kept, settle: (kept: Kept) => void): Promise<Kept> {
    const handler = await this.#providers.handlerOf(wanted.type);
    return this.#step(
      { op: "create", urn: wanted.urn },
      async (context) => handler.create(wanted.inputs, context),
      ({ id, state }) => {
        const kept = { ...wanted, id, outputs: plain(state) };
        settle(kept);
        return kept;
      },
    );
  }

  /** Deletes what depends on the resource and would have to be replaced with it, then the resource. Returns its entry in the state. */
  async #deleteFirst(root: Kept): Promise<Kept> {
    const going = [root];
    for (const dependent of dependentsOf(this.state.left(), root)) {
      const urns = new Set(going.map(({ urn }) => urn));
      if (await this.#wouldBeReplaced(dependent, urns)) going.push(dependent);
    }
    let entry = root;
    for (const kept of going.reverse()) {
      if (kept.phase === "deleted") continue;
      // What was replaced in an earlier run is just deleted.
      entry = { ...kept, phase: "deleted" };
      const end = kept.phase === "replaced" ? () => this.state.remove(kept) : () => this.state.change(kept, entry);
      await this.#deleteOne(kept, end);
    }
    return entry;
  }

  /** By asking its handler about inputs of which those are unknown that come from a resource that is replaced. */
  async #wouldBeReplaced(kept: Kept, replaced: ReadonlySet<string>): Promise<boolean> {
    if (!kept.custom) return false;
    if (replaced.has(kept.provider)) return true;
    const fromReplaced = (key: string): boolean =>
      (kept.propertyDependencies[key] ?? []).some((urn) => replaced.has(urn));
    if (!Object.keys(kept.inputs).some(fromReplaced)) return false;
    const inputs = Object.fromEntries<Value>(
      Object.entries(kept.inputs).map(([key, value]) => [key, fromReplaced(key) ? UNKNOWN : value]),
    );
    const handler = await this.#providers.handlerOf(kept.type);
    return ["replace", "deleteAndReplace"].includes(await changeOf(handler, kept, inputs, this.#context(kept.urn)));
  }

  /** A provider of ours is never replaced: other settings of it do not mean other objects. */
  async #provider(wanted: Kept, before: Kept | undefined): Promise<Kept> {
    await this.#providers.configure(wanted.type, wanted.inputs, this.#context(wanted.urn));
    const kept = { ...wanted, id: before?.id ?? "the-provider", outputs: wanted.inputs };
    this.state.settle(kept, before);
    return kept;
  }

  async #configureFromState(): Promise<void> {
    for (const kept of this.state.left().filter(isProvider)) {
      await this.#providers.configure(kept.type, kept.inputs, this.#context(kept.urn));
    }
  }

  /** Like a step, a failing function ends the run. */
  async #invoke(token: string, args: Values): Promise<Values> {
    return this.#step(
      { op: "invoke", urn: token },
      async (context) => this.#providers.call(token, args, context),
      plain,
    );
  }

  /** @param end records the outcome in the state, in the same moment */
  async #step<T, R>(step: Step, action: (context: Context) => Promise<T>, end: (outcome: T) => R): Promise<R> {
    // A failed step ends the run once the parallel steps have finished.
    if (this.errors.length > 0 || this.#run.dead) return new Promise(() => undefined);
    if (step.op !== "invoke") this.steps.push(step);
    if (["create", "update", "delete"].includes(step.op)) this.going.add(step);
    const ended = action(this.#context(step.urn)).then(
      (outcome) => {
        if (this.#run.dead) return undefined;
        this.going.delete(step);
        const result = end(outcome);
        if (["create", "update", "delete"].includes(step.op))
          this.#run.save(`${step.op} ${step.urn.split("::").at(-1) ?? ""}`);
        return { result };
      },
      (error: unknown) => {
        if (this.#run.dead) return undefined;
        this.going.delete(step);
        this.errors.push(error instanceof Error ? error.message : String(error));
        this.#stop();
        return undefined;
      },
    );
    this.#unfinished.add(ended);
    const outcome = await ended;
    this.#unfinished.delete(ended);
    return outcome === undefined ? new Promise(() => undefined) : outcome.result;
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
      declared: (of) => [...this.#registered.values()].filter((kept) => kept.type === of).map(({ inputs }) => inputs),
      progress: say,
      info: say,
      warn: say,
    };
  }
}

function wantedBy(request: RegisterResourceRequest): Kept {
  const type = request.getType();
  const parent = request.getParent();
  const propertyDependencies: Record<string, readonly string[]> = {};
  request.getPropertydependenciesMap().forEach((on, key) => (propertyDependencies[key] = on.getUrnsList()));
  return {
    urn: urnOf({ type, name: request.getName(), parent }),
    type,
    custom: request.getCustom(),
    id: "",
    inputs: plain(Monitor.inputsOf(request)),
    outputs: {},
    parent,
    // A reference is the provider's URN and its id.
    provider: request.getProvider().split("::").slice(0, -1).join("::"),
    dependencies: request.getDependenciesList(),
    propertyDependencies,
  };
}

/** As read back from the state file. */
function plain(values: Values): Values {
  return JSON.parse(JSON.stringify(values)) as Values;
}
