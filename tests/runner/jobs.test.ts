import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { test } from "node:test";
import { tests } from "./jobs.ts";

test("a test file that cannot be loaded is a failure that shows why", async () => {
  const folder = mkdtempSync(join(tmpdir(), "zot-auth-unloadable-"));
  try {
    const file = join(folder, "unloadable.test.ts");
    writeFileSync(file, `import "a-package-that-nobody-installed";\n`);
    const { failed, output, results } = await tests({ name: "unloadable", files: [relative("tests", file)] }).run();
    assert.deepEqual([failed, results], [true, []]);
    assert.match(output, /Cannot find package 'a-package-that-nobody-installed'/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
