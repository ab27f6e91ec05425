import type { AuthentikState } from "../../../lab/authentik/models/state.ts";

/** What our blueprint created in Authentik: names, and the groups that may sign in. */
export type CreatedObjects = Readonly<
  Record<"applications" | "groups" | "users" | "tokens" | "blueprints", readonly string[]>
>;

export function createdIn(rows: AuthentikState["rows"]): CreatedObjects {
  const all = (model: string, field: string): readonly string[] =>
    (rows[model] ?? []).map((row) => row[field] as string).sort();
  const named = new Map((rows["authentik_core.group"] ?? []).map(({ pk, name }) => [pk, name as string]));
  const targets = new Set((rows["authentik_core.application"] ?? []).map(({ pk }) => pk));
  const bound = (rows["authentik_policies.policybinding"] ?? [])
    .filter(({ target }) => targets.has(target as string))
    .map(({ group }) => named.get(group as string) ?? "");
  return {
    applications: all("authentik_core.application", "slug"),
    groups: bound.filter((name) => name !== "").sort(),
    users: all("authentik_core.user", "username"),
    tokens: all("authentik_core.token", "identifier"),
    blueprints: all("authentik_blueprints.blueprintinstance", "name"),
  };
}
