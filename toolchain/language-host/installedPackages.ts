import { readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";

/** A resource plugin that an installed package requires. */
export interface Plugin {
  readonly name: string;
  readonly version: string;
  /** Server that Pulumi downloads it from; empty for Pulumi's default. */
  readonly server: string;
}

/** The fields of an installed package's package.json that Pulumi requests. */
export interface InstalledPackage {
  readonly name: string;
  readonly version: string;
  readonly plugin: Plugin | undefined;
}

interface Manifest {
  readonly name?: string;
  readonly version?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly pulumi?: {
    readonly resource?: boolean;
    readonly name?: string;
    readonly version?: string;
    readonly server?: string;
  };
}

/** All packages under `folder/node_modules`, including transitive dependencies. Synchronously: hundreds of small files would cost three times as much CPU time. */
export function installedPackages(folder: string): InstalledPackage[] {
  const found = packagesIn(join(folder, "node_modules"));
  return found.sort((one, other) => one.name.localeCompare(other.name));
}

/** Names of the program's direct dependencies. */
export function declaredDependencies(folder: string): Set<string> {
  const manifest = manifestOf(folder);
  return new Set(Object.keys({ ...manifest?.dependencies, ...manifest?.devDependencies }));
}

function packagesIn(modules: string): InstalledPackage[] {
  return namesIn(modules).flatMap((entry) => {
    const folder = join(modules, entry);
    if (entry.startsWith("@")) return packagesIn(folder);
    const manifest = manifestOf(folder);
    if (manifest === undefined) return [];
    const { name, version } = manifest;
    const nested = packagesIn(join(folder, "node_modules"));
    return name === undefined || version === undefined
      ? nested
      : [{ name, version, plugin: pluginOf(manifest) }, ...nested];
  });
}

/** The packages and scopes of a folder; none if there is no such folder. */
function namesIn(modules: string): string[] {
  // Most packages have none, and an error costs more than the question.
  if (statSync(modules, { throwIfNoEntry: false })?.isDirectory() !== true) return [];
  return readdirSync(modules).filter((entry) => !entry.startsWith("."));
}

function manifestOf(folder: string): Manifest | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;
  } catch {
    return undefined; // not a package, or a manifest that npm itself would reject
  }
}

function pluginOf({ name = "", version = "", pulumi }: Manifest): Plugin | undefined {
  if (pulumi?.resource !== true) return undefined;
  const plugin = pulumi.name ?? (name.startsWith("@pulumi/") ? name.slice("@pulumi/".length) : undefined);
  if (plugin === undefined) return undefined;
  const exact = pulumi.version ?? version;
  return { name: plugin, version: exact.startsWith("v") ? exact : `v${exact}`, server: pulumi.server ?? "" };
}
