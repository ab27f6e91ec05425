// What the files of the repository import, from their sources. An import with a computed path is not seen.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { dirname, join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import typescript from "typescript";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const PROGRAM = /^(?:index\.ts|(?:stack|components|settings|systems|provider|core|commands|report|toolchain)\/)/;

const sources = new Map(
  execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "*.ts", "*.js"], {
    cwd: ROOT,
    encoding: "utf8",
  })
    .split("\n")
    .filter((file) => file !== "")
    .map((file) => [file, readFileSync(join(ROOT, file), "utf8")]),
);

function importsOf(source: string): readonly string[] {
  return typescript.preProcessFile(source).importedFiles.map(({ fileName }) => fileName);
}

/** The source without what type stripping removes. */
function withoutTypes(source: string): string {
  return source.replaceAll(/^(?:import|export) type [^;]*? from "[^"]*";/gm, "");
}

/** The npm packages that files import, each with the files that do. */
function packagesOf(belongs: (file: string) => boolean): Map<string, string[]> {
  const packages = new Map<string, string[]>();
  for (const [file, source] of sources) {
    if (!belongs(file)) continue;
    for (const specifier of importsOf(withoutTypes(source))) {
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

test("the program imports all dependencies of package.json, and no other package", () => {
  assertDeclared(
    packagesOf((file) => PROGRAM.test(file)),
    "package.json",
  );
});

test("the lab imports all dependencies of lab/package.json, and no other package", () => {
  assertDeclared(
    packagesOf((file) => file.startsWith("lab/")),
    "lab/package.json",
  );
});

test("no file loads itself through others", () => {
  const circles: (readonly string[])[] = [];
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): void => {
    const start = path.indexOf(file);
    if (start >= 0) circles.push([...path.slice(start), file]);
    if (done.has(file)) return;
    done.add(file);
    for (const specifier of importsOf(withoutTypes(sources.get(file) ?? ""))) {
      if (specifier.startsWith(".")) visit(join(dirname(file), specifier), [...path, file]);
    }
  };
  for (const file of sources.keys()) visit(file, []);
  assert.deepEqual(circles, []);
});

test("no path of a file is the pathname of a URL, which is wrong in a folder whose name has a space", () => {
  const wrong = [...sources].filter(([, source]) => /new URL\([^()]*import\.meta\.url\)\s*\.pathname/.test(source));
  assert.deepEqual(
    wrong.map(([file]) => file),
    [],
  );
});
