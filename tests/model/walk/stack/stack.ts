// A homelab and a stack on it, and what must hold after each run.
import assert from "node:assert/strict";
import type { Settings } from "../../../../settings/schema.ts";
import type { RunningServer } from "../../../../lab/shared/listen.ts";
import { mainAccount } from "../../../../settings/accounts/accounts.ts";
import { kubernetes } from "../../../../toolchain/plugins/kubernetes/provider.ts";
import { freePorts } from "../../../support/freePorts.ts";
import { Engine } from "../../engine/engine.ts";
import type { Ended } from "../../engine/engine.ts";
import { OWNER } from "../../engine/program.ts";
import { pass } from "../../homelab/clock.ts";
import { Homelab } from "../../homelab/homelab.ts";
import { REPOSITORIES, TOKENS } from "../../homelab/servers.ts";
import type { Releases } from "../../homelab/servers.ts";
import type { Fault } from "../../requests/gate.ts";
import { startCluster } from "./cluster.ts";
import { ModelHost } from "./host.ts";
import { inventoryOf } from "./inventory.ts";
import type { Inventory } from "./inventory.ts";
import { placeOf } from "./place.ts";
import type { Place } from "./place.ts";
import { wholeProgram } from "./program.ts";

/** What the user declares: settings, in a stack of this name. */
export interface Declared {
  readonly settings: Settings;
  /** First part of the labels of the stack's keys and secrets. It changes when the stack is renamed. */
  readonly owner: string;
}

export function declaring(settings: Settings, owner = OWNER): Declared {
  return { settings, owner };
}

export class Stack {
  readonly place: Place;
  readonly lab: Homelab;
  readonly host: ModelHost;
  readonly engine: Engine;
  /** Moments at which CI was without a key that zot takes. */
  readonly gaps: string[] = [];
  readonly #cluster: RunningServer;
  /** The names of the secret with the key, before and after each change. */
  #names: readonly string[] = [];
  /** The repositories that have it before and after each change. */
  #repositories: readonly string[] = [];
  /** What is there without us. */
  #empty: Inventory = [];
  #owner = OWNER;

  private constructor(lab: Homelab, host: ModelHost, cluster: RunningServer, place: Place) {
    this.#cluster = cluster;
    this.lab = lab;
    this.host = host;
    this.place = place;
    this.engine = new Engine([...host.definitions(), kubernetes(), { name: "onepassword", resources: {} }]);
    this.engine.watch = ({ method, url }) => this.#look(`${method} ${url.pathname}`);
  }

  static async start(releases?: Releases): Promise<Stack> {
    const lab = await Homelab.start(releases);
    const cluster = await startCluster(lab.folder);
    lab.dropKeys(() => true);
    lab.addAccount("an-admin", ["admins"], TOKENS.MODEL_ADMIN);
    lab.addAccount("another-admin", ["admins"], TOKENS.MODEL_OTHER_ADMIN);
    const host = new ModelHost(lab);
    const stack = new Stack(lab, host, cluster, placeOf(lab, host, await freePorts(2)));
    stack.#empty = inventoryOf(lab, host);
    return stack;
  }

  async stop(): Promise<void> {
    await this.#cluster.close();
    await this.lab.stop();
  }

  /** From now on it is watched whether CI has a key, under each of the names that the secret has, in the repositories that always have it. */
  expectKeys(...declared: readonly Declared[]): void {
    this.gaps.length = 0;
    const accounts = declared.map(({ settings }) => mainAccount(settings));
    this.#names = accounts.map(({ secretName }) => secretName);
    this.#repositories = REPOSITORIES.filter((repository) =>
      accounts.every(({ repositories }) => repositories.includes(repository)),
    );
  }

  expectNothing(): void {
    this.gaps.length = 0;
    this.#names = [];
  }

  async run(declared: Declared, fault?: Fault): Promise<Ended> {
    // The CLI takes longer. A file whose record is gone gets the second as its number: a new one.
    pass(1);
    const { settings, owner } = declared;
    this.#owner = owner;
    return this.engine.up(() => wholeProgram(settings, this.host.facts(settings), owner), fault);
  }

  async up(declared: Declared): Promise<Ended> {
    const ended = await this.run(declared);
    assertDone(ended);
    return ended;
  }

  async nothingToDo(declared: Declared): Promise<void> {
    const { steps, run } = await this.up(declared);
    assert.deepEqual(this.engine.unfinished(), [], "nothing is pending");
    assert.deepEqual(
      steps.map(({ op, urn }) => `${op} ${urn}`),
      [],
      "a second up has nothing to do",
    );
    assert.deepEqual(
      run.changes.map(({ method, url }) => `${method} ${url.pathname}`),
      [],
      "and changes nothing",
    );
  }

  async refresh(): Promise<void> {
    assertDone(await this.engine.refresh());
  }

  async refreshed(declared: Declared): Promise<void> {
    await this.refresh();
    const drifts = this.engine.state.flatMap(({ outputs: { drift }, urn }) =>
      typeof drift === "string" && drift !== "" ? [`${urn}: ${drift}`] : [],
    );
    assert.deepEqual(drifts, [], "a refresh finds no drift");
    await this.nothingToDo(declared);
  }

  async destroyed(leaves: readonly string[] = []): Promise<void> {
    this.expectNothing();
    assertDone(await this.engine.destroy());
    assert.deepEqual(this.engine.unfinished(), [], "nothing is pending");
    assert.deepEqual(this.engine.state, [], "the state is empty");
    assert.deepEqual(await this.left(), leaves, "destroy leaves nothing");
  }

  async inventory(): Promise<Inventory> {
    // A kubelet writes the files of a ConfigMap a moment later.
    await this.lab.settled();
    return inventoryOf(this.lab, this.host, this.#owner);
  }

  /** What is there that was not there without us. */
  async left(): Promise<Inventory> {
    return (await this.inventory()).filter((thing) => !this.#empty.includes(thing));
  }

  #look(request: string): void {
    if (this.#names.length === 0) return;
    for (const repository of this.#repositories) {
      const { secrets } = this.lab.held(repository);
      const keys = this.#names.flatMap((name) => secrets[name] ?? []);
      if (keys.length === 0 || keys.some((key) => this.lab.keyOwner(key) === undefined))
        this.gaps.push(
          `after ${request}: ${repository} has ${keys.length === 0 ? "no key" : "a key that zot refuses"}`,
        );
    }
  }
}

export function assertDone({ how, errors }: Ended): void {
  assert.equal(how, "done", errors.join("\n"));
}
