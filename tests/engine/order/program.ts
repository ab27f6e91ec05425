// The program that the real engine and the model play.
import { ComponentResource, CustomResource, ProviderResource } from "@pulumi/pulumi";
import type { Input, Output } from "@pulumi/pulumi";

export interface Declared {
  readonly name: string;
  /** The inputs; `{of: name}` is an output of that resource. */
  readonly value?: string;
  readonly fixed?: string | { readonly of: string };
  readonly single?: string;
  readonly needs?: readonly string[];
  readonly formerName?: string;
  /** The option that the resource's handler has no say in. */
  readonly deleteBeforeReplace?: boolean;
  /** Within the component `box`. */
  readonly boxed?: boolean;
}

class Thing extends CustomResource {
  declare readonly made: Output<string>;
}

class Player extends ProviderResource {}

/** @param folder where the provider finds what it is to do */
export function play(folder: string, all: readonly Declared[]): void {
  const provider = new Player("player", "player", { folder });
  const box = new ComponentResource("player:index:Box", "box");
  const made = new Map<string, Thing>();
  const find = (name: string): Thing => {
    const found = made.get(name);
    if (found === undefined) throw new Error(`${name} is not declared before`);
    return found;
  };
  for (const { name, value = "", fixed = "", single = "", needs = [], formerName, deleteBeforeReplace, boxed } of all) {
    const inputs: Record<string, Input<string> | undefined> = {
      value,
      fixed: typeof fixed === "string" ? fixed : find(fixed.of).made,
      single,
      made: undefined,
    };
    made.set(
      name,
      new Thing("player:index:Thing", name, inputs, {
        provider,
        dependsOn: needs.map(find),
        ...(boxed === true ? { parent: box } : {}),
        ...(formerName === undefined ? {} : { aliases: [{ name: formerName }] }),
        ...(deleteBeforeReplace === undefined ? {} : { deleteBeforeReplace }),
      }),
    );
  }
}
