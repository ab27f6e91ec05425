// Which room may import which (docs/adr/0009-rooms-not-layers.md). It reads the sources and runs none of them.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import typescript from "typescript";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
/** Imports go from the left to the right only. */
const LAYERS = ["index.ts", "stack", "components", "settings", "systems", "provider", "core"];
/** All folders of the repository that hold code. Those that are not a layer must not be imported by one. */
const ROOMS = new Set([...LAYERS, "lab", "tests", "toolchain", "commands", "bench", "docs"]);
/** They load the systems lazily, so that the provider starts fast. */
const LAZY = ["provider/handlers.ts", "provider/main.ts"];
/** Beside itself, a system uses these. */
const USES: Readonly<Record<string, readonly string[]>> = { zot: ["authentik", "onePassword"] };
/** Decisions only: they reach no server, start no process and read no file. */
const PURE =
  /^(?:settings\/|systems\/(?:zot\/config\/|zot\/access\/[^/]+$|authentik\/blueprint\/|forgejo\/(?:target|secretMarker)\.ts|.*\/settings(?:Problems)?\.ts))/;
const CLIENTS =
  /^(?:core\/http\/http\.ts|systems\/\w+\/client\.ts|systems\/onePassword\/(?:resolver|vault|connect|op\/.*)\.ts|undici|node:(?:child_process|net|http|https))$/;

interface Import {
  readonly file: string;
  /** A file of the repository, or a package. */
  readonly imported: string;
}

const imports = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "*.ts"], {
  cwd: ROOT,
  encoding: "utf8",
})
  .split("\n")
  .filter((file) => LAYERS.includes(layerOf(file)))
  .flatMap((file): readonly Import[] =>
    typescript.preProcessFile(readFileSync(join(ROOT, file), "utf8")).importedFiles.map(({ fileName }) => ({
      file,
      imported: fileName.startsWith(".") ? join(dirname(file), fileName) : fileName,
    })),
  );

function layerOf(file: string): string {
  return file.split("/")[0] ?? "";
}

/** `forgejo` of `systems/forgejo/client.ts`; `undefined` for `systems/preflight.ts`, which asks all systems. */
function systemOf(file: string): string | undefined {
  return /^systems\/(\w+)\//.exec(file)?.[1];
}

const shown = (found: readonly Import[]): readonly string[] =>
  found.map(({ file, imported }) => `${file}: ${imported}`);

test("imports go down only, and the product imports neither lab nor tests", () => {
  const own = imports.filter(({ imported }) => ROOMS.has(layerOf(imported)));
  assert.ok(own.length > 500, `${own.length} imports`);
  const upward = own.filter(
    ({ file, imported }) =>
      !(LAZY.includes(file) && layerOf(imported) === "systems") &&
      LAYERS.indexOf(layerOf(imported)) < LAYERS.indexOf(layerOf(file)),
  );
  assert.deepEqual(shown(upward), []);
});

test("a system uses only itself and what it may", () => {
  const foreign = imports.filter(({ file, imported }) => {
    const [from, to] = [systemOf(file), systemOf(imported)];
    return (
      from !== undefined && to !== undefined && from !== to && to !== "onePassword" && USES[from]?.includes(to) !== true
    );
  });
  assert.deepEqual(shown(foreign), []);
});

test("no system, setting or core file imports Pulumi's SDK", () => {
  const found = imports.filter(
    ({ file, imported }) =>
      ["systems", "settings", "core"].includes(layerOf(file)) && /^@(?:pulumi|1password)\//.test(imported),
  );
  assert.deepEqual(shown(found), []);
});

test("pure files import no client", () => {
  assert.deepEqual(shown(imports.filter(({ file, imported }) => PURE.test(file) && CLIENTS.test(imported))), []);
});
