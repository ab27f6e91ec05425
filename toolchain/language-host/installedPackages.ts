import { readFile, readdir } from "node:fs/promises";
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

/** All packages under `folder/node_modules`, including transitive dependencies. */
export async function installedPackages(folder: string): Promise<InstalledPackage[]> {
  const found: InstalledPackage[] = [];
  await collect(join(folder, "node_modules"), found);
  return found.sort((one, other) => one.name.localeCompare(other.name));
}

/** Names of the program's direct dependencies. */
export async function declaredDependencies(folder: string): Promise<Set<string>> {
  const manifest = await manifestOf(folder);
  return new Set(Object.keys({ ...manifest?.dependencies, ...manifest?.devDependencies }));
}

async function collect(modules: string, found: InstalledPackage[]): Promise<void> {
  const entries = await readdir(modules).catch(() => []);
  await Promise.all(
    entries
      .filter((entry) => !entry.startsWith("."))
      .map(async (entry) => {
        const folder = join(modules, entry);
        if (entry.startsWith("@")) return collect(folder, found);
        const manifest = await manifestOf(folder);
        if (manifest === undefined) return;
        if (manifest.name !== undefined && manifest.version !== undefined) {
          found.push({ name: manifest.name, version: manifest.version, plugin: pluginOf(manifest) });
        }
        return collect(join(folder, "node_modules"), found);
      }),
  );
}

async function manifestOf(folder: string): Promise<Manifest | undefined> {
  try {
    return JSON.parse(await readFile(join(folder, "package.json"), "utf8")) as Manifest;
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
