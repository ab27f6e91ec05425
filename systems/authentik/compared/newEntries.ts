import type { DeclaredEntry } from "../blueprint/declared.ts";
import { objectsOf } from "../blueprint/objects.ts";
import type { BlueprintObject } from "../blueprint/objects.ts";
import { PROVIDER, referenceIn, text } from "./models.ts";

/**
 * The entries that a stack makes for the first time: what exists of them already is not its own.
 *
 * @param known the objects that it has made so far
 */
export function newEntries(
  entries: readonly DeclaredEntry[],
  known: readonly BlueprintObject[],
): readonly DeclaredEntry[] {
  const byId = new Map(entries.flatMap((entry) => (entry.id === undefined ? [] : [[entry.id, entry] as const])));
  const clientId = text(entries.find(({ model }) => model === PROVIDER)?.identifiers["client_id"]);
  const byClientId = objectsOf(clientId);
  const isNew = (entry: DeclaredEntry): boolean => {
    const { model, identifiers, attrs } = entry;
    // What is bound to an object came with it.
    const [, target] = referenceIn(identifiers["target"]) ?? [];
    const bound = byId.get(text(target));
    if (bound !== undefined) return isNew(bound);
    const names = [...Object.values(identifiers), ...(model === PROVIDER ? [attrs["name"]] : [])].map(text);
    const own = [
      ...names.map((name): BlueprintObject => `${model} ${name}`),
      // A provider and its application, whatever they are called.
      ...byClientId.filter((object) => object.startsWith(`${model} `)),
    ];
    return !own.some((object) => known.includes(object));
  };
  return entries.filter(isNew);
}
