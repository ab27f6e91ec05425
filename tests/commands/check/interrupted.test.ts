import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { Stage } from "../support/played.ts";
import type { Ended } from "../support/played.ts";

// The real `npm run check` with a CLI that does not end until it gets a signal. What it finds then is not about the stack.

/** In place of the toolchain: the key is fine, and the command in HANGS waits for a signal, as the real CLI ends a preview. */
const CLI = `
const said = process.argv.slice(2).join(" ");
const later = (days) => new Date(Date.now() + days * 86_400_000).toISOString();
if (said.includes(process.env.HANGS)) {
  process.on("SIGTERM", () => process.exit(1));
  process.on("SIGINT", () => process.exit(1));
  if (process.env.FAILS) process.exit(1);
  setInterval(() => {}, 1000);
  console.error("hangs");
} else if (said.includes("stack export")) {
  const outputs = { ciUser: "zot-ci", registryUrl: process.env.SERVER, keyRotates: later(9), keyExpires: later(30) };
  const resources = [{ type: "pulumi:pulumi:Stack", urn: "urn:pulumi:prod::zot-auth::pulumi:pulumi:Stack::zot-auth-prod", outputs }];
  console.log(JSON.stringify({ deployment: { resources } }));
}
`;

/** @param signal undefined: the CLI fails at once */
async function check(
  t: TestContext,
  hangs: string,
  signal?: NodeJS.Signals,
  options: readonly string[] = [],
): Promise<Ended> {
  const stage = await Stage.open(t);
  return stage.play({
    command: "check",
    args: ["--notify", "env:T_HOOK", "--textfile", join(stage.folder, "check.prom"), ...options],
    cli: CLI,
    env: { HANGS: hangs, ...(signal === undefined ? { FAILS: "yes" } : {}) },
    signal,
  });
}

for (const [hangs, signal, options] of [
  ["stack export", "SIGTERM", []],
  ["preview", "SIGINT", []],
  ["preview", "SIGTERM", ["--listen", "127.0.0.1:0"]],
] as const) {
  test(`${signal} during \`${hangs}\` ${options.join(" ")}: no notification is sent, and nothing is written`, async (t) => {
    const { code, said, told, files } = await check(t, hangs, signal, options);
    assert.match(said, /^✗ prod: the check was interrupted: /m);
    assert.equal(code, options.length > 0 ? 0 : 1, said);
    assert.deepEqual(told, [], said);
    assert.deepEqual(files, []);
  });
}

test("a preview that fails without a signal is reported, with metrics", async (t) => {
  const { code, said, told, files } = await check(t, "preview");
  assert.equal(code, 1, said);
  assert.equal(told.length, 1, said);
  assert.ok(files.includes("prod/check.html") && files.includes("check.prom"), files.join());
});
