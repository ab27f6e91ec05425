// `zot verify`: rebuilds the recorded cases and compares exit code and messages.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import test, { after } from "node:test";
import { ConfigError } from "../../../../lab/zot/config/error.ts";
import { loadConfig } from "../../../../lab/zot/config/load.ts";
import { jsonLog } from "../../../../lab/zot/server/log.ts";
import { zotVersion } from "../../../../lab/zot/version.ts";
import { verifyCases } from "./verifyCases.ts";

interface Recording {
  readonly case: string;
  readonly exit: number;
  readonly output: readonly string[];
}

const recordings = JSON.parse(
  readFileSync(new URL("../../../data/zot/verify-v2.1.20.json", import.meta.url), "utf8"),
) as readonly Recording[];
const folder = mkdtempSync(join(tmpdir(), "zot-verify-"));
after(() => rmSync(folder, { recursive: true }));

/** A format that the stand-in does not support. */
const leftOut = new Set(["toml ext"]);

async function outcome(file: string, version = "v2.1.20"): Promise<{ exit: number; output: string[] }> {
  const output: string[] = [];
  const log = jsonLog((line) => {
    const { level, message, error } = JSON.parse(line) as { level: string; message: string; error?: string };
    output.push(`${level}: ${message}${error === undefined ? "" : ` | error=${error}`}`);
  });
  try {
    await loadConfig(file, zotVersion(version), log);
    return { exit: 0, output };
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return { exit: 1, output: [...output, `Error: ${error.message}`] };
  }
}

test("every recorded case is rebuilt or listed as left out", () => {
  const made = [...verifyCases(folder).keys(), ...leftOut];
  assert.deepEqual(made.sort(), recordings.map((recording) => recording.case).sort());
});

for (const recording of recordings.filter((entry) => !leftOut.has(entry.case))) {
  test(recording.case, async () => {
    const made = verifyCases(folder).get(recording.case);
    assert.ok(made !== undefined);
    const file = join(folder, made.name ?? "config.json");
    if (made.text !== undefined) writeFileSync(file, made.text);
    const { exit, output } = await outcome(file);
    assert.equal(exit, recording.exit, output.join("\n"));
    const [stderr = [], stdout = []] = [true, false].map((text) =>
      recording.output.filter((line) => line.startsWith("TXT ") === text),
    );
    const plain = (line: string): string =>
      line
        .replace(/\/[^ ]*\/(?=[\w.-]+\.json|[\w-]+:)/g, "")
        .replace(/ \| keys=.*/, "")
        // The reason is that of another evaluator of CEL. The place is the same.
        .replace(/Syntax error: .*/, "Syntax error");
    const logs = stdout
      .filter((line) => !/^info: config file is valid|^error: invalid config file/.test(line))
      .map(plain);
    assert.deepEqual(output.filter((line) => !line.startsWith("Error: ")).map(plain), logs);
    const error = output
      .filter((line) => line.startsWith("Error: "))
      .join("\n")
      .split("\n")
      .filter((line) => line !== "");
    assert.deepEqual(
      error.map(plain),
      stderr.map((line) => plain(line.slice(4))),
    );
  });
}

test("older releases reject newer keys", async () => {
  const cases = verifyCases(folder);
  const exitOf = async (name: string, version: string): Promise<number> => {
    const file = join(folder, "versions.json");
    writeFileSync(file, cases.get(name)?.text ?? "");
    assert.equal(extname(file), ".json");
    return (await outcome(file, version)).exit;
  };
  assert.equal(await exitOf("metrics.anonymousPolicy", "v2.1.17"), 1);
  assert.equal(await exitOf("metrics.anonymousPolicy", "v2.1.18"), 0);
  assert.equal(await exitOf("claimMapping.groups", "v2.1.13"), 1);
  assert.equal(await exitOf("claimMapping.groups", "v2.1.17"), 0);
  assert.equal(await exitOf("policy condition CEL", "v2.1.13"), 1);
  assert.equal(await exitOf("bearer.oidc + openid both", "v2.1.13"), 1);
  assert.equal(await exitOf("metrics path bad", "v2.1.13"), 0);
});
