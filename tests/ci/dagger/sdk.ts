// Dagger's TypeScript library, from npm: its package alone, since its types need none of the 191 packages that it depends on.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { run } from "../../../toolchain/system/child.js";
import { placeOf } from "../../../toolchain/system/place.js";
import { findOnPath } from "../../../toolchain/system/search.js";

const VERSION = "0.21.9";
const SHA512 = "SYWyQwKNmHS+WoFKPHVgi8urEJwrASjgEW5JtM9yiu5bo4oVUAdqnKfvtT6HGURYDtVz2DsDz0k7Zzfdm+Th7A==";

const place = placeOf(resolve(import.meta.dirname, "../../.."), process.env);

/** The folder of `@dagger.io/dagger`, downloaded once into the cache of the toolchain. */
export async function daggerSdk(): Promise<string> {
  const folder = join(place.cache, `dagger-sdk-${VERSION}`);
  if (existsSync(folder)) return folder;
  mkdirSync(place.cache, { recursive: true });
  const unfinished = mkdtempSync(`${folder}.`);
  try {
    await command("npm", ["pack", `@dagger.io/dagger@${VERSION}`, "--silent"], unfinished);
    const archive = readdirSync(unfinished).find((name) => name.endsWith(".tgz")) ?? "";
    const hash = createHash("sha512").update(readFileSync(join(unfinished, archive)));
    assert.equal(hash.digest("base64"), SHA512, "npm gave another package");
    await command("tar", ["-xzf", archive], unfinished);
    try {
      renameSync(join(unfinished, "package"), folder);
    } catch (error) {
      // Another process was faster.
      if (!existsSync(folder)) throw error;
    }
  } finally {
    rmSync(unfinished, { recursive: true });
  }
  return folder;
}

async function command(name: string, args: readonly string[], cwd: string): Promise<void> {
  const file = findOnPath(place, name)[0];
  assert.ok(file !== undefined, `${name} is not on PATH`);
  const { code, output } = await run(file, args, { cwd, env: place.env });
  assert.equal(code, 0, `${name} ${args.join(" ")}: ${output}`);
}
