// What is there, everywhere in the homelab, as an all-seeing observer lists it: to compare what a change of settings left with what a first `up` makes.
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Row } from "../../../../lab/authentik/models/state.ts";
import { OWNER } from "../../engine/program.ts";
import type { Homelab } from "../../homelab/homelab.ts";
import { REPOSITORIES } from "../../homelab/servers.ts";
import type { ModelHost } from "./host.ts";

export type Inventory = readonly string[];

export function inventoryOf(lab: Homelab, host: ModelHost, owner = OWNER): Inventory {
  return [
    ...authentikOf(lab),
    ...REPOSITORIES.flatMap((repository) => {
      const { secrets, variables } = lab.held(repository);
      return [
        ...Object.entries(secrets).map(
          ([name, value]) => `Forgejo: ${repository} secret ${name} = ${described(lab, value)}`,
        ),
        ...Object.entries(variables).map(
          ([name, value]) => `Forgejo: ${repository} variable ${name} = ${marked(value, owner)}`,
        ),
      ];
    }),
    // The item is not ours, so a field that we emptied stays.
    ...Object.entries(lab.stored())
      .filter(([, value]) => value !== "")
      .map(([field, value]) => `1Password: ${field} = ${described(lab, value)}`),
    ...lab.allKeys().map(({ user, label }) => `zot: key of ${user}: ${label.startsWith(`${owner}/`) ? "ours" : label}`),
    ...host.files().map((file) => `host: ${file}`),
    ...readdirSync(join(lab.folder, "blueprints")).map((file) => `Authentik's worker: ${file}`),
  ].toSorted();
}

/** What is there besides `wanted`, and what is not, with a sign before each. */
export function differences(seen: Inventory, wanted: Inventory): readonly string[] {
  const missing = [...wanted];
  const extra = seen.filter((thing) => {
    const found = missing.indexOf(thing);
    if (found >= 0) missing.splice(found, 1);
    return found < 0;
  });
  return [...extra.map((thing) => `+ ${thing}`), ...missing.map((thing) => `- ${thing}`)];
}

/** Keys differ each time, so the list only says whether they work. */
function described(lab: Homelab, value: string): string {
  if (!value.startsWith("zak_")) return value;
  return lab.keyOwner(value) === undefined ? "a key that zot refuses" : "a key that zot takes";
}

/** What a marker says, without what each key has of its own. */
function marked(value: string, owner: string): string {
  return value
    .replace(`label=${owner}/`, "label=ours/")
    .replace(/^label=(\S+)\/\d+ fingerprint=\S+ expires=\S+/, "label=$1 …");
}

/** Objects that come and go by themselves. */
const PASSING = [
  "authentik_providers_oauth2.",
  "authentik_core.session",
  "authentik_events.",
  "authentik_policies_reputation.",
  "authentik_tasks.",
];
const PROVIDER = "authentik_providers_oauth2.oauth2provider";
const NAMES = ["name", "slug", "username", "identifier", "domain"];

function authentikOf(lab: Homelab): readonly string[] {
  return Object.entries(lab.authentikRows())
    .filter(([model]) => model === PROVIDER || !PASSING.some((passing) => model.startsWith(passing)))
    .flatMap(([model, all]) =>
      all
        .filter((row) => !isWithoutFile(lab, row))
        .map((row) => {
          const names = NAMES.flatMap((field) => (typeof row[field] === "string" ? [row[field]] : []));
          return `Authentik: ${model} ${names.join(" ")}`;
        }),
    );
}

/** A blueprint whose key left the ConfigMap: the kubelet takes the file away after the run. Then Authentik deletes it, once an hour (`clear_failed_blueprints`). */
function isWithoutFile({ folder }: Homelab, { path }: Row): boolean {
  if (typeof path !== "string" || !path.startsWith("custom/") || path.startsWith("custom/git")) return false;
  return !existsSync(join(folder, "blueprints", path.slice("custom/".length)));
}
