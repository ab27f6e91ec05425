import assert from "node:assert/strict";
import { test } from "node:test";
import { UnknownTestsError, groupsOf } from "./select.ts";

const filesOf = (...names: readonly string[]): readonly string[] =>
  groupsOf(names)
    .flatMap(({ files }) => files)
    .toSorted();

test("a name is a folder or a file, with or without tests/", () => {
  const folder = filesOf("systems/zot");
  assert.ok(folder.length > 5);
  assert.ok(folder.every((file) => file.startsWith("systems/zot/")));
  assert.deepEqual(filesOf("tests/systems/zot/", "systems/zot/keys"), folder);
  for (const name of [
    "engine/leaks/leaks.test.ts",
    "tests/engine/leaks/leaks.test.ts",
    "./tests/engine/leaks/leaks.test.ts",
  ])
    assert.deepEqual(filesOf(name), ["engine/leaks/leaks.test.ts"]);
});

test("an unknown name, and one without tests, is an error that names it", () => {
  for (const name of ["nowhere", "engine/support/harness.ts", "data"])
    assert.throws(
      () => groupsOf(["engine", name]),
      (error) => error instanceof UnknownTestsError && error.message.startsWith(`No tests in "${name}".\n`),
    );
});

test("every test file is in one group, and those that run programs have a process each", () => {
  const groups = groupsOf([]);
  const files = groups.flatMap((group) => group.files);
  assert.equal(new Set(files).size, files.length);
  assert.ok(files.includes("runner/select.test.ts"));
  for (const group of groups) if (group.name.startsWith("engine/")) assert.deepEqual(group.files, [group.name]);
});
