// In which order Pulumi deletes (pkg/resource/deploy/step_generator.go, ScheduleDeletes, and pkg/resource/graph).
import type { Kept } from "./state.ts";

/**
 * Groups to delete one after the other, each in parallel: the last group are those that depend on nothing that is deleted, the one before those that depend only
 * on that group, and so on. So a resource that nothing depends on may wait, although it could be deleted first.
 */
export function deletionGroups(state: readonly Kept[], going: readonly Kept[]): readonly (readonly Kept[])[] {
  const left = new Set(going);
  const groups: (readonly Kept[])[] = [];
  while (left.size > 0) {
    const group = [...left].filter((kept) => dependenciesOf(state, kept).every((needed) => !left.has(needed)));
    for (const kept of group) left.delete(kept);
    groups.unshift(group);
  }
  return groups;
}

/** What a resource depends on directly: among objects of the same URN, each that comes before it. */
function dependenciesOf(state: readonly Kept[], kept: Kept): readonly Kept[] {
  const before = state.slice(0, state.indexOf(kept));
  const urns = [kept.parent, kept.provider, ...kept.dependencies];
  const found = before.filter(({ urn }) => urns.includes(urn));
  const components = new Set(found.filter(({ custom, urn }) => !custom && urn !== kept.parent).map(({ urn }) => urn));
  if (components.size === 0) return found;
  // Who depends on a component depends on its children.
  const children = before.filter(({ urn, parent }) => {
    if (!components.has(parent)) return false;
    components.add(urn);
    return true;
  });
  return [...found, ...children];
}

/** What comes after a resource and depends on it, directly or not. Being its child does not count. */
export function dependentsOf(state: readonly Kept[], root: Kept): readonly Kept[] {
  const urns = new Set([root.urn]);
  return state.slice(state.indexOf(root) + 1).filter((kept) => {
    if (![kept.provider, ...kept.dependencies].some((urn) => urns.has(urn))) return false;
    urns.add(kept.urn);
    return true;
  });
}
