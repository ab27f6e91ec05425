import { isFoundByProvider, isSameProvider, usernameOf } from "./objects.ts";
import type { BlueprintObject } from "./objects.ts";

/** An object that the current blueprint no longer creates. */
export interface FormerObject {
  readonly object: BlueprintObject;
  /** The generation of the settings that first omitted it: distinguishes an object that was declared again in between. */
  readonly generation: number;
}

/** An account among them. Its keys work without it, so it is removed only once they are revoked. */
export interface FormerlyDeclared extends Pick<FormerObject, "generation"> {
  readonly username: string;
}

/** What earlier blueprints of a stack created, and how often its settings have changed. */
export interface Former {
  readonly former: readonly FormerObject[];
  readonly generation: number;
}

/** The former objects after a change of the settings. */
export function formerAfter(
  before: Former & { readonly objects: readonly BlueprintObject[] },
  { objects, needed }: Readonly<Record<"objects" | "needed", readonly BlueprintObject[]>>,
): Former {
  const kept = new Set([...objects, ...needed]);
  const generation = before.generation + 1;
  const renamed = isSameProvider(before.objects, objects);
  const gone = before.objects
    .filter((object) => !(renamed && isFoundByProvider(object)))
    .map((object) => ({ object, generation }));
  return { former: [...before.former, ...gone].filter(({ object }) => !kept.has(object)), generation };
}

export function formerAccountsIn(former: readonly FormerObject[]): readonly FormerlyDeclared[] {
  return former.flatMap(({ object, generation }) => {
    const username = usernameOf(object);
    return username === undefined ? [] : [{ username, generation }];
  });
}
