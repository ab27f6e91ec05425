// The state file of the model's engine, in Pulumi's order: what this run has settled, then what the last run left and this one has not reached.
import type { Values } from "../../../provider/grpc/types.ts";

/** A resource in the state. */
export interface Kept {
  readonly urn: string;
  readonly type: string;
  /** False for a component, which has no provider. */
  readonly custom: boolean;
  readonly id: string;
  readonly inputs: Values;
  readonly outputs: Values;
  readonly parent: string;
  /** URN of the resource that is the provider; empty for the default provider. */
  readonly provider: string;
  /** URNs that must exist as long as this resource does. */
  readonly dependencies: readonly string[];
  /** The dependencies of each input. */
  readonly propertyDependencies: Readonly<Record<string, readonly string[]>>;
  /**
   * `replaced`: Pulumi's `delete: true`. Its replacement exists, and this or a later run deletes it. `deleted`: Pulumi's `pendingReplacement: true`. It was
   * deleted before its replacement, which this or a later run creates.
   */
  readonly phase?: "replaced" | "deleted";
}

export class State {
  #settled: readonly Kept[] = [];
  #left: readonly Kept[];

  constructor(before: readonly Kept[]) {
    this.#left = before;
  }

  /** Dependencies come before their dependents. */
  all(): readonly Kept[] {
    return [...this.#settled, ...this.#left];
  }

  left(): readonly Kept[] {
    return this.#left;
  }

  /** The resource as the last run left it, by its URN or a former one. One that was replaced has nothing to say any more. */
  find(urns: readonly string[]): Kept | undefined {
    for (const urn of urns) {
      const found = this.#left.find((kept) => kept.urn === urn && kept.phase !== "replaced");
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** @param before what it was in the last run, which is done with */
  settle(kept: Kept, before: Kept | undefined): void {
    this.#settled = [...this.#settled, kept];
    if (before === undefined) return;
    this.remove(before);
    if (before.urn !== kept.urn) this.#left = this.#left.map((other) => renamed(other, before.urn, kept.urn));
  }

  /** As {@link settle}, but what it was has yet to be deleted. */
  replace(kept: Kept, before: Kept): void {
    this.#settled = [...this.#settled, kept];
    this.change(before, { ...before, phase: "replaced" });
  }

  change(before: Kept, kept: Kept): void {
    const changed = (all: readonly Kept[]): readonly Kept[] => all.map((each) => (each === before ? kept : each));
    this.#settled = changed(this.#settled);
    this.#left = changed(this.#left);
  }

  remove(gone: Kept): void {
    this.#settled = this.#settled.filter((kept) => kept !== gone);
    this.#left = this.#left.filter((kept) => kept !== gone);
  }

  /** After a refresh: no resource refers to one that no longer exists. */
  repair(): void {
    const urns = new Set<string>();
    const parents = new Map<string, string>();
    this.#left = this.#left.map((kept) => {
      const dependencies = kept.dependencies.filter((urn) => urns.has(urn));
      const propertyDependencies = Object.fromEntries(
        Object.entries(kept.propertyDependencies).map(([key, on]) => [key, on.filter((urn) => urns.has(urn))]),
      );
      const parent = urns.has(kept.parent) ? kept.parent : (parents.get(kept.parent) ?? "");
      urns.add(kept.urn);
      parents.set(kept.urn, parent);
      return { ...kept, dependencies, propertyDependencies, parent };
    });
  }
}

function renamed(kept: Kept, from: string, to: string): Kept {
  const name = (urn: string): string => (urn === from ? to : urn);
  return {
    ...kept,
    parent: name(kept.parent),
    provider: name(kept.provider),
    dependencies: kept.dependencies.map(name),
    propertyDependencies: Object.fromEntries(
      Object.entries(kept.propertyDependencies).map(([key, urns]) => [key, urns.map(name)]),
    ),
  };
}
