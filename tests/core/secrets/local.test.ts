// Secrets by `env:` and `file:`: what is read, what is refused, and what is warned of.
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import type { TestContext } from "node:test";
import { setImmediate } from "node:timers/promises";
import { unreadable } from "../../../core/secrets/local.ts";
import type { SecretReference } from "../../../core/secrets/reference.ts";
import { resolveSecret } from "../../../systems/onePassword/resolver.ts";
import { fails, folder } from "../../systems/onePassword/support/support.ts";

function file(t: TestContext, text: string, mode = 0o600): SecretReference {
  const path = join(folder(t), "secret");
  writeFileSync(path, text);
  chmodSync(path, mode);
  return `file:${path}`;
}

/** The warnings of what runs. */
async function warningsOf(run: () => Promise<unknown>): Promise<readonly (Error & { readonly code?: string })[]> {
  const warnings: Error[] = [];
  const note = (warning: Error): void => void warnings.push(warning);
  process.on("warning", note);
  try {
    await run();
    await setImmediate();
  } finally {
    process.off("warning", note);
  }
  return warnings;
}

test("one newline at a file's end is not part of the secret; everything else is", async (t) => {
  const cases = [
    ["token", "token"],
    ["token\n", "token"],
    ["token\r\n", "token"],
    ["token\n\n", "token\n"],
    [" to ken ", " to ken "],
    ["-----BEGIN\nkey\n-----END\n", "-----BEGIN\nkey\n-----END"],
  ] as const;
  for (const [text, expected] of cases) {
    assert.equal((await resolveSecret(file(t, text))).reveal(), expected, JSON.stringify(text));
  }
});

test("a file is read again each time", async (t) => {
  const reference = file(t, "first");
  assert.equal((await resolveSecret(reference)).reveal(), "first");
  writeFileSync(reference.slice("file:".length), "second");
  assert.equal((await resolveSecret(reference)).reveal(), "second");
});

test("a file that is missing, empty, or a folder", async (t) => {
  const directory = folder(t);
  writeFileSync(join(directory, "plain"), "x");
  mkdirSync(join(directory, "in"));
  await fails(
    resolveSecret(`file:${directory}/nothing`),
    "SECRET_MISSING",
    /nothing \(from file:.*does not exist.*0600/,
  );
  await fails(resolveSecret(`file:${directory}/plain/under`), "SECRET_MISSING", /does not exist/);
  await fails(resolveSecret(`file:${directory}/in`), "SECRET_UNREADABLE", /is a folder. Name the file in it/);
  for (const text of ["", "\n", "\r\n", " \n\n"]) {
    await fails(resolveSecret(file(t, text)), "SECRET_EMPTY", /is empty\. Store the secret there/);
  }
});

// Root may read everything.
test("a file that may not be read", { skip: process.getuid?.() === 0 }, async (t) => {
  await fails(resolveSecret(file(t, "token", 0o000)), "SECRET_UNREADABLE", /EACCES.*its owner, with mode 0600/);
});

test("a file that cannot be opened for another reason", async (t) => {
  await fails(resolveSecret(`file:${folder(t)}/${"x".repeat(300)}`), "SECRET_UNREADABLE", /ENAMETOOLONG/);
});

test("a file that everybody may read is read, with one warning that does not tell it", async (t) => {
  const reference = file(t, "open-secret", 0o644);
  const warnings = await warningsOf(async () => {
    assert.equal((await resolveSecret(reference)).reveal(), "open-secret");
    await resolveSecret(reference);
  });
  assert.deepEqual(
    warnings.map(({ code }) => code),
    ["SECRET_FILE_WORLD_READABLE"],
  );
  assert.match(warnings[0]?.message ?? "", /Everyone on this machine can read the file .*chmod 600/);
  assert.doesNotMatch(String(warnings[0]?.stack), /open-secret/);
});

test("a file of the owner and the group is read without a warning", async (t) => {
  for (const mode of [0o600, 0o400, 0o640]) {
    assert.deepEqual(await warningsOf(() => resolveSecret(file(t, "token", mode))), [], mode.toString(8));
  }
});

test("environment variables: as they are, and reported when missing or empty", async (t) => {
  const name = "ZOT_AUTH_TEST_SECRET";
  t.after(() => Reflect.deleteProperty(process.env, name));
  await fails(resolveSecret(`env:${name}`), "SECRET_MISSING", /ZOT_AUTH_TEST_SECRET \(from env:.*is not set/);
  process.env[name] = "";
  await fails(resolveSecret(`env:${name}`), "SECRET_EMPTY", /is empty/);
  process.env[name] = "token\n";
  assert.equal((await resolveSecret(`env:${name}`)).reveal(), "token\n");
});

test("asking whether a secret can be read gives the reason, reads no 1Password, and warns of nothing", async (t) => {
  const warnings = await warningsOf(async () => {
    assert.equal(await unreadable(file(t, "x", 0o644)), undefined);
  });
  assert.deepEqual(warnings, []);
  assert.equal(await unreadable("op://vault/item/field"), undefined);
  assert.match((await unreadable(file(t, "\n"))) ?? "", /is empty/);
  assert.match((await unreadable(`file:${folder(t)}`)) ?? "", /is a folder/);
  assert.match((await unreadable("env:ZOT_AUTH_NO_SUCH_VARIABLE")) ?? "", /is not set/);
});
