// One setting changes on a live stack, and back.
import assert from "node:assert/strict";
import type { Settings } from "../../../settings/schema.ts";
import type { RunningServer } from "../../../lab/shared/listen.ts";
import { kubernetes } from "../../../toolchain/plugins/kubernetes/provider.ts";
import { freePorts } from "../../support/freePorts.ts";
import { Engine } from "../engine/engine.ts";
import type { Ended } from "../engine/engine.ts";
import { Homelab } from "../homelab/homelab.ts";
import type { Fault } from "../requests/gate.ts";
import { REPOSITORIES } from "../homelab/servers.ts";
import { startCluster } from "./cluster.ts";
import { ModelHost } from "./host.ts";
import { differences, inventoryOf } from "./inventory.ts";
import type { Inventory } from "./inventory.ts";
import { declaredEffects, observedEffects, runningWith } from "./effects.ts";
import type { Running } from "./effects.ts";
import { placeOf, settingsAt } from "./place.ts";
import type { Path, Place } from "./place.ts";
import { wholeProgram } from "./program.ts";
import type { Pair } from "./table/pairs.ts";
import type { Alternative } from "./table/row.ts";
import { mainAccount } from "../../../settings/accounts.ts";

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
  readonly place: Place;
  readonly #lab: Homelab;
  readonly #host: ModelHost;
  readonly #cluster: RunningServer;
  readonly #engine: Engine;
  /** Moments at which CI was without a key that zot takes. */
  readonly #gaps: string[] = [];
  /** The names of the secret with the key, before and after the change. */
  #names: readonly string[] = [];
  /** The repositories that have it before and after the change. */
  #repositories: readonly string[] = [];
  /** What is there without us. */
  #empty: Inventory = [];
  /** What a first `up` makes, by settings. */
  readonly #made = new Map<string, Inventory>();
  /** The settings with which the last walk ended. */
  #at = "";

  private constructor(lab: Homelab, host: ModelHost, cluster: RunningServer, place: Place) {
    this.#cluster = cluster;
    this.#lab = lab;
    this.#host = host;
    this.place = place;
    this.#engine = new Engine([...host.definitions(), kubernetes, { name: "onepassword", resources: {} }]);
    this.#engine.watch = ({ method, url }) => this.#look(`${method} ${url.pathname}`);
  }

  static async start(): Promise<Walk> {
    const lab = await Homelab.start();
    const cluster = await startCluster(lab.folder);
    lab.dropKeys(() => true);
    const host = new ModelHost(lab);
    const walk = new Walk(lab, host, cluster, placeOf(lab, host, await freePorts(2)));
    walk.#empty = inventoryOf(lab, host);
    return walk;
  }

  async stop(): Promise<void> {
    await this.#cluster.close();
    await this.#lab.stop();
  }

  /** @throws AssertionError that says what is not as it should be */
  async play(path: Path, { to, also, given, gap, leaves = [] }: Alternative): Promise<void> {
    const common = Object.entries(given?.(this.place) ?? {});
    const first = settingsAt(this.place, common);
    const second = settingsAt(this.place, [
      ...common,
      ...Object.entries(also?.(this.place) ?? {}),
      [path, to(this.place)],
    ]);
    await this.#begin(first);
    const before = await this.#inventory();

    this.#expect(first, second);
    const running = this.#running(first);
    const changed = await this.#up(second);
    // What changes together is not told apart.
    if (also === undefined)
      assert.deepEqual(
        observedEffects(running, this.#running(second), changed),
        declaredEffects(path),
        "docs/settings.md (settings/changes.ts) says what a change changes",
      );
    if (gap === undefined) assert.deepEqual(this.#gaps, [], "CI has a key that zot takes at every moment");
    else
      assert.notDeepEqual(
        this.#gaps,
        [],
        `CI has a key that zot takes at every moment: remove "${gap}" from the table`,
      );
    await this.#nothingToDo(second);
    if (changed.steps.some(({ urn }) => !CONFIG_ONLY.includes(urn.split("::").at(-1) ?? ""))) {
      await this.#refreshed(second);
      const after = await this.#inventory();
      await this.#destroyed(leaves);
      await this.#up(second);
      assert.deepEqual(
        differences(after, await this.#inventory()),
        [],
        "what is there is what a first up with these settings makes",
      );
    }
    this.#expect(first, second);
    await this.#up(first);
    if (gap === undefined) assert.deepEqual(this.#gaps, [], "and on the way back");
    await this.#nothingToDo(first);
    assert.deepEqual(differences(await this.#inventory(), before), [], "what is there is what was there before");
  }

  /**
   * Several settings change at once, and the run is killed at a request. The user recovers, and then destroys.
   *
   * @returns the requests of the run that change something, up to the one at which it was killed
   * @throws AssertionError that says what is not as it should be
   */
  async cut({ from, to, gap }: Pair, fault?: Fault): Promise<readonly string[]> {
    const first = settingsAt(this.place, Object.entries(from?.(this.place) ?? {}));
    const second = settingsAt(this.place, Object.entries(to(this.place)));
    // The homelab starts with the objects that these settings make; what the second make is compared without them.
    await this.#begin(first);
    const wanted = await this.#madeFirst(second);
    await this.#begin(first);
    this.#at = "";
    this.#expect(first, second);
    const { run } = await this.#engine.up(() => wholeProgram(second), fault);
    assertDone(await this.#engine.refresh());
    await this.#up(second);
    if (gap === undefined) assert.deepEqual(this.#gaps, [], "CI has a key that zot takes at every moment");
    await this.#refreshed(second);
    const made = differences(await this.#inventory(), wanted);
    assert.deepEqual(made, [], "what is there is what a first up with these settings makes");
    await this.#destroyed([]);
    return run.changes.map(({ method, url }) => `${method} ${url.pathname}`);
  }

  /**
   * Several settings change at once, and the run is killed at a request. The user sets them back, and does nothing else; then destroys.
   *
   * @throws AssertionError that says what is not as it should be
   */
  async back({ from, to, gap }: Pair, fault: Fault): Promise<void> {
    const first = settingsAt(this.place, Object.entries(from?.(this.place) ?? {}));
    const second = settingsAt(this.place, Object.entries(to(this.place)));
    await this.#begin(first);
    const before = await this.#inventory();
    this.#at = "";
    this.#expect(first, second);
    const { run } = await this.#engine.up(() => wholeProgram(second), fault);
    // Kubernetes' own provider writes and takes away a key of the ConfigMap. If that was not recorded, only a refresh finds it: `up` would wait for the file.
    if (run.struck?.url.pathname.includes("/configmaps/") === true) assertDone(await this.#engine.refresh());
    // Creations with an unknown outcome are pending until a refresh.
    assertDone(await this.#engine.up(() => wholeProgram(first)));
    if (gap === undefined) assert.deepEqual(this.#gaps, [], "CI has a key that zot takes at every moment");
    const missing = differences(await this.#inventory(), before).filter((thing) => thing.startsWith("-"));
    assert.deepEqual(missing, [], "nothing of what was there before is missing");
    // Only a refresh finds what the killed run made or overwrote, and what no state knows of.
    assertDone(await this.#engine.refresh());
    await this.#up(first);
    await this.#refreshed(first);
    assert.deepEqual(differences(await this.#inventory(), before), [], "what is there is what was there before");
    this.#at = JSON.stringify(first);
  }

  /**
   * The first `up` with the settings of the edit, or a `destroy`, is killed at a request. The user destroys.
   *
   * @returns as {@link cut}
   * @throws AssertionError that says what is not as it should be
   */
  async ended(run: "up" | "destroy", { to }: Pair, fault?: Fault): Promise<readonly string[]> {
    const settings = settingsAt(this.place, Object.entries(to(this.place)));
    this.#at = "";
    this.#names = [];
    if (run === "up") await this.#destroyed([]);
    else await this.#up(settings);
    const ended =
      run === "up" ? await this.#engine.up(() => wholeProgram(settings), fault) : await this.#engine.destroy(fault);
    if (fault === undefined) assertDone(ended);
    assertDone(await this.#engine.destroy());
    assert.deepEqual(await this.#left(), [], "destroy leaves nothing");
    // Pulumi keeps creations with an unknown outcome, also after a destroy.
    assertDone(await this.#engine.refresh());
    await this.#destroyed([]);
    return ended.run.changes.map(({ method, url }) => `${method} ${url.pathname}`);
  }

  /** What a first up with these settings makes. */
  async #madeFirst(settings: Settings): Promise<Inventory> {
    const name = JSON.stringify(settings);
    const known = this.#made.get(name);
    if (known !== undefined) return known;
    this.#at = "";
    await this.#destroyed([]);
    await this.#up(settings);
    const made = await this.#inventory();
    this.#made.set(name, made);
    await this.#destroyed([]);
    return made;
  }

  /** The last walk may have ended where this one begins. */
  async #begin(first: Settings): Promise<void> {
    const wanted = JSON.stringify(first);
    if (this.#at === wanted) return;
    this.#names = [];
    await this.#up(first);
    await this.#nothingToDo(first);
    this.#at = wanted;
  }

  #running(settings: Settings): Running {
    const { secrets } = this.#lab.held(mainAccount(settings).repositories[0] ?? "");
    return runningWith(settings, secrets[mainAccount(settings).secretName] ?? "");
  }

  async #inventory(): Promise<Inventory> {
    // A kubelet writes the files of a ConfigMap a moment later.
    await this.#lab.settled();
    return inventoryOf(this.#lab, this.#host);
  }

  async #up(settings: Settings): Promise<Ended> {
    const ended = await this.#engine.up(() => wholeProgram(settings));
    assertDone(ended);
    assert.deepEqual(this.#engine.unfinished(), [], "nothing is pending");
    return ended;
  }

  async #nothingToDo(settings: Settings): Promise<void> {
    const { steps, run } = await this.#up(settings);
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

  async #refreshed(settings: Settings): Promise<void> {
    assertDone(await this.#engine.refresh());
    const drifts = this.#engine.state.flatMap(({ outputs: { drift }, urn }) =>
      typeof drift === "string" && drift !== "" ? [`${urn}: ${drift}`] : [],
    );
    assert.deepEqual(drifts, [], "a refresh finds no drift");
    await this.#nothingToDo(settings);
  }

  async #destroyed(leaves: readonly string[]): Promise<void> {
    this.#names = [];
    assertDone(await this.#engine.destroy());
    assert.deepEqual(this.#engine.unfinished(), [], "nothing is pending");
    assert.deepEqual(this.#engine.state, [], "the state is empty");
    assert.deepEqual(await this.#left(), leaves, "destroy leaves nothing");
  }

  async #left(): Promise<Inventory> {
    return (await this.#inventory()).filter((thing) => !this.#empty.includes(thing));
  }

  #expect(first: Settings, second: Settings): void {
    this.#gaps.length = 0;
    this.#names = [first, second].map((settings) => mainAccount(settings).secretName);
    this.#repositories = REPOSITORIES.filter((repository) =>
      [first, second].every((settings) => mainAccount(settings).repositories.includes(repository)),
    );
  }

  #look(request: string): void {
    if (this.#names.length === 0) return;
    for (const repository of this.#repositories) {
      const { secrets } = this.#lab.held(repository);
      const keys = this.#names.flatMap((name) => secrets[name] ?? []);
      if (keys.length === 0 || keys.some((key) => this.#lab.keyOwner(key) === undefined))
        this.#gaps.push(
          `after ${request}: ${repository} has ${keys.length === 0 ? "no key" : "a key that zot refuses"}`,
        );
    }
  }
}

function assertDone({ how, errors }: Ended): void {
  assert.equal(how, "done", errors.join("\n"));
}
