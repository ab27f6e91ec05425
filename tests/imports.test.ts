// What the files of the repository import. It reads the sources and runs none of them; an import whose path is computed is not seen.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import typescript from "typescript";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const PROGRAM = /^(?:index\.ts|(?:stack|components|settings|systems|provider|core|commands|toolchain)\/)/;

const sources = new Map(
  execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "*.ts", "*.js"], {
    cwd: ROOT,
    encoding: "utf8",
  })
    .split("\n")
    .filter((file) => file !== "")
    .map((file) => [file, importsOf(file)]),
);

function importsOf(file: string): readonly string[] {
  return typescript
    .preProcessFile(readFileSync(join(ROOT, file), "utf8"))
    .importedFiles.map(({ fileName }) => fileName);
}

/** The npm packages that files import, each with the files that do. */
function packagesOf(belongs: (file: string) => boolean): Map<string, string[]> {
  const packages = new Map<string, string[]>();
  for (const [file, imports] of sources) {
    if (!belongs(file)) continue;
    for (const specifier of imports) {
      if (specifier.startsWith(".") || isBuiltin(specifier)) continue;
      const name = specifier
        .split("/")
        .slice(0, specifier.startsWith("@") ? 2 : 1)
        .join("/");
      packages.set(name, [...(packages.get(name) ?? []), file]);
    }
  }
  return packages;
}

function assertDeclared(packages: Map<string, string[]>, manifest: string): void {
  const { dependencies } = JSON.parse(readFileSync(join(ROOT, manifest), "utf8")) as { dependencies: object };
  const declared = new Set(Object.keys(dependencies));
  assert.deepEqual(
    [...packages].filter(([name]) => !declared.has(name)),
    [],
    `imported, but not in the dependencies of ${manifest}`,
  );
  assert.deepEqual(
    [...declared].filter((name) => !packages.has(name)),
    [],
    `in the dependencies of ${manifest}, but not imported`,
  );
}

test("the program imports the dependencies of package.json, all of them and no other package", () => {
  assertDeclared(
    packagesOf((file) => PROGRAM.test(file)),
    "package.json",
  );
});

test("the lab imports the dependencies of lab/package.json, all of them and no other package", () => {
  assertDeclared(
    packagesOf((file) => file.startsWith("lab/")),
    "lab/package.json",
  );
});
