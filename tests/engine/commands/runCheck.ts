import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { PulumiResult } from "../support/harness.ts";
import { lab } from "./stack.ts";

/** Hashes of the settings file and of all files of the state, including locks and history. */
function stateFiles(): Readonly<Record<string, string>> {
  const folder = join(lab.directory, "state");
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = [...files.map((file) => join(file.parentPath, file.name)), lab.settingsFile];
  return Object.fromEntries(
    paths.map((path) => [path, createHash("sha256").update(readFileSync(path)).digest("hex")] as const),
  );
}

/** Runs `npm run check` or `npm run preview`, and asserts that it changes no state. */
export async function check(
  args?: readonly string[],
  command: "check" | "preview" = "check",
): Promise<Pick<PulumiResult, "code" | "output">> {
  const files = stateFiles();
  const result = await lab.command(command, args);
  assert.deepEqual(stateFiles(), files, `${command} changes no state`);
  return result;
}
