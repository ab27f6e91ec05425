import { globSync, statSync } from "node:fs";
import { join } from "node:path";

const TESTS = "tests";

/** Folders whose files have a process each: they run programs, take over `fetch`, measure their own process, or take long. The other files of a folder share one; those of `model`, its clock. */
const OWN_PROCESS = [
  "browser",
  "engine",
  "model/stories",
  "model/walk",
  "provider",
  "systems/zot/host",
  "toolchain",
  "toolchain-setup",
];

/** What takes longest, longest first, so that no processor is idle at the end. */
const LONGEST = [
  "model/stories/everyStep",
  // These mostly wait.
  "model",
  "systems/authentik",
  "engine/lifecycle/",
  "engine/commands/",
  "engine/authentik/authentik",
  "engine/zot/",
  "ci/jobToken",
  "engine/settings/settings",
  "engine/",
  "systems/zot/host/deploy/killed",
  "systems/zot/host/service/switchedKilled",
  "systems/zot/host/former/fileCleanup",
  "lab/zot",
  "systems/zot/host/labZot",
  "browser/",
  "toolchain",
  "components/alone",
  "provider/pulumi",
  "systems/onePassword",
  "commands",
  "ci",
  "systems/zot/host/",
  "systems/forgejo",
  "lab",
];

/** Test files that run in one process, one after the other. Paths are relative to the folder `tests`. */
export interface Group {
  readonly name: string;
  readonly files: readonly string[];
}

export class UnknownTestsError extends Error {
  override readonly name = "UnknownTestsError";
}

/**
 * The test files below these names, those that take longest first.
 *
 * @param names folders (`engine`, `systems/zot`) or files (`engine/leaks.test.ts`), with or without `tests/` before them; none for all
 * @throws {@link UnknownTestsError} for a name without tests
 */
export function groupsOf(names: readonly string[]): readonly Group[] {
  const files = [...new Set(names.length === 0 ? testsBelow("") : names.flatMap(testsOf))].sort();
  const groups = new Map<string, string[]>();
  for (const file of files) {
    const name = groupOf(file);
    groups.set(name, [...(groups.get(name) ?? []), file]);
  }
  const rank = ({ name }: Group): number => {
    const found = LONGEST.findIndex((prefix) => name.startsWith(prefix));
    return found < 0 ? LONGEST.length : found;
  };
  return [...groups].map(([name, members]) => ({ name, files: members })).sort((a, b) => rank(a) - rank(b));
}

function testsOf(name: string): readonly string[] {
  const path = name.replace(/^(\.\/)?(tests\/)?/, "").replace(/\/$/, "");
  const found = statSync(join(TESTS, path), { throwIfNoEntry: false });
  const files =
    found?.isFile() === true && path.endsWith(".test.ts") ? [path] : found?.isDirectory() ? testsBelow(path) : [];
  if (files.length === 0)
    throw new UnknownTestsError(
      `No tests in "${name}".\nName folders or files of tests/, for example: npm test -- engine systems/zot tests/engine/leaks/leaks.test.ts`,
    );
  return files;
}

function testsBelow(folder: string): readonly string[] {
  return globSync("**/*.test.ts", { cwd: join(TESTS, folder) }).map((file) => join(folder, file));
}

/** The file itself where it has a process of its own, else its folder, at most two levels deep. */
function groupOf(file: string): string {
  if (OWN_PROCESS.some((folder) => file.startsWith(`${folder}/`))) return file;
  const folders = file.split("/").slice(0, -1);
  return folders.length === 0 ? file : folders.slice(0, 2).join("/");
}
