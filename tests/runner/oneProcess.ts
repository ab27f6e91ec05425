// Runs test files in this process, one after the other, each as a suite: its hooks are for itself alone.
import { basename, join, relative, resolve } from "node:path";
import { describe } from "node:test";

const TESTS = resolve(import.meta.dirname, "..");

for (const file of process.argv.slice(2)) {
  const path = resolve(file);
  void describe(join(basename(TESTS), relative(TESTS, path)), async () => {
    await import(path);
  });
}
