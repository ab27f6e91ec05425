// Runs test files in this process, one after the other, each as a suite: its hooks are for itself alone.
import { basename, join, relative, resolve } from "node:path";
import { describe } from "node:test";
import { allDeclared } from "./untracked.ts";

const TESTS = resolve(import.meta.dirname, "..");

let undeclared = process.argv.length - 2;
for (const file of process.argv.slice(2)) {
  const path = resolve(file);
  void describe(join(basename(TESTS), relative(TESTS, path)), async () => {
    await import(path);
    undeclared -= 1;
    if (undeclared === 0) setImmediate(allDeclared);
  });
}
