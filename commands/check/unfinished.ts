import { at, list, string } from "../../core/json.ts";

/**
 * What an interrupted or failed run left in the state: operations whose outcome is unknown, and objects whose replacement exists but that are not deleted yet.
 *
 * @param exported what `pulumi stack export` prints
 * @returns such as `updating ci-key`
 */
export function unfinishedIn(exported: unknown): readonly string[] {
  const nameOf = (resource: unknown): string => string(at(resource, "urn")).split("::").at(-1) ?? "";
  const operations = list(at(exported, "deployment", "pending_operations")).map(
    (operation) => `${string(at(operation, "type"))} ${nameOf(at(operation, "resource"))}`,
  );
  const deletions = list(at(exported, "deployment", "resources"))
    .filter((resource) => at(resource, "delete") === true)
    .map((resource) => `deleting the former ${nameOf(resource)}`);
  return [...operations, ...deletions];
}
