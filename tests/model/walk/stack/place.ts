// The settings from which every walk starts, in its own homelab. Groups that are optional are there, so that each of their settings can change.
import { join } from "node:path";
import { parseSettings } from "../../../../settings/parse.ts";
import type { Settings } from "../../../../settings/schema.ts";
import type { Homelab } from "../../homelab/homelab.ts";
import { TOKENS } from "../../homelab/servers.ts";
import type { ModelHost } from "./host.ts";

export interface Place {
  /** Free ports. */
  readonly ports: readonly number[];
  /** A path on zot's host. */
  readonly path: (name: string) => string;
  /** A folder for data of zot. */
  readonly data: (name: string) => string;
  /** The same server by another name. */
  readonly alias: (url: string) => string;
  readonly raw: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** Tokens by other names. */
export const OTHER_TOKENS = {
  ...Object.fromEntries(Object.entries(TOKENS).map(([name, value]) => [`${name}_2`, value])),
  MODEL_OTHER_3: "a third secret of the model",
};

const retention = {
  policies: [
    {
      repositories: ["**"],
      keepUntagged: { pushedWithin: "24 hours" },
      keepTags: [{ patterns: [".*"] }],
    },
  ],
};

export function placeOf(lab: Homelab, host: ModelHost, ports: readonly number[]): Place {
  Object.assign(process.env, OTHER_TOKENS);
  const raw = lab.raw();
  return {
    ports,
    path: (name) => host.path(name),
    data: (name) => join(lab.folder, name),
    alias: (url) => url.replace("127.0.0.1", "localhost"),
    raw: {
      ...raw,
      registry: {
        ...raw["registry"],
        configFile: host.path("zot.json"),
        credentialsFile: host.path("credentials.json"),
        dataDirectory: join(lab.folder, "zot"),
        pullThrough: [{ name: "docker.io", url: "https://registry-1.docker.io" }],
      },
      zot: {
        storage: { retention, subPaths: { "/big": { dataDirectory: join(lab.folder, "big"), retention } } },
        http: { compat: ["docker2s2"] },
      },
      access: {
        namespaces: { "docs/**": { ci: "read" }, "docker.io/**": { ci: "read" }, "quay.io/**": { ci: "read" } },
      },
      ci: { ...raw["ci"], gracePeriod: "0 seconds" },
    },
  };
}

export type Path = string;
type Changes = readonly (readonly [path: Path, value: unknown])[];

export function settingsAt(place: Place, changes: Changes): Settings {
  const raw = structuredClone(place.raw);
  for (const [path, value] of changes) set(raw, path, value);
  return parseSettings(raw);
}

/** `[]` is the first entry of a list, `*` the first key. `undefined` removes the setting. */
function set(raw: object, path: Path, value: unknown): void {
  const keys = path.replaceAll("[]", ".0").split(".");
  const last = keys.pop() ?? "";
  let at = raw as Record<string, unknown>;
  for (const key of keys) {
    const name = key === "*" ? (Object.keys(at)[0] ?? "") : key;
    at[name] ??= {};
    at = at[name] as Record<string, unknown>;
  }
  if (value === undefined) Reflect.deleteProperty(at, last);
  else at[last] = value;
}
