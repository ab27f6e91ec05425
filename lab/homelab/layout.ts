// Part of the lab: its ports and files, from the same settings that the program reads.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { parseReference } from "../../core/secrets/reference.ts";
import type { SecretReference } from "../../core/secrets/reference.ts";
import { parseSettings } from "../../settings/parse.ts";
import type { Settings } from "../../settings/schema.ts";

/** A lab, as configured by a settings file. */
export interface Layout {
  readonly settings: Settings;
  /** Path of the settings file, for error messages. */
  readonly settingsFile: string;
  /** Folder for all data of the lab. */
  readonly directory: string;
}

/** Reads the lab's layout from a stack's settings file. */
export function readLayout(settingsFile: string, directory: string): Layout {
  const config = (parse(readFileSync(settingsFile, "utf8")) as { config: Readonly<Record<string, unknown>> }).config;
  const groups = Object.entries(config)
    .filter(([key]) => key.startsWith("zot-auth:"))
    .map(([key, value]) => [key.slice("zot-auth:".length), value] as const);
  return {
    settings: parseSettings(Object.fromEntries(groups)),
    settingsFile,
    directory,
  };
}

/** The port in a server's URL. */
export function portOf(url: string): number {
  return Number(new URL(url).port);
}

/** The path of a `file:` reference. The lab writes a token to this file. */
export function fileOf(reference: SecretReference | undefined): string {
  const parsed = parseReference(reference ?? "");
  if (parsed?.kind !== "file")
    throw new Error(`"${reference ?? ""}" must be a file: reference, because the lab writes its tokens to files`);
  return parsed.path;
}

/** The parts of an `op://` reference to an item in the lab's 1Password. */
export function itemOf(reference: SecretReference): {
  readonly vault: string;
  readonly item: string;
  readonly field: string;
} {
  const parsed = parseReference(reference);
  if (parsed?.kind !== "op") throw new Error(`"${reference}" must be an op:// reference`);
  return parsed;
}

/** Paths of the lab's files and folders. */
export function pathsOf({
  directory,
}: Layout): Readonly<
  Record<"state" | "log" | "gitops" | "blueprints" | "pid" | "zotLog" | "passphrase" | "standIns", string>
> {
  return {
    state: join(directory, "lab.json"),
    log: join(directory, "daemon.log"),
    gitops: join(directory, "gitops", "authentik"),
    blueprints: join(directory, "authentik", "blueprints"),
    pid: join(directory, "zot", "pid"),
    zotLog: join(directory, "zot", "zot.log"),
    passphrase: join(directory, "passphrase"),
    standIns: join(directory, "stand-ins"),
  };
}
