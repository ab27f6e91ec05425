import assert from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { Stage } from "../support/played.ts";
import type { Ended } from "../support/played.ts";

// The real `npm run check` with a played CLI that finds no difference: what it says of the keys of several accounts.

/** In place of the toolchain. The days until each account's key rotates and expires are in KEYS, in the order of the state. */
const CLI = `
const said = process.argv.slice(2).join(" ");
const later = (days) => new Date(Date.now() + (days + 0.5) * 86_400_000).toISOString();
if (said.includes("stack export")) {
  const keys = Object.entries(JSON.parse(process.env.KEYS)).map(([username, [rotates, expires]]) => ({
    type: "zot-auth:zot:ApiKey",
    urn: "urn:pulumi:prod::zot-auth::zot-auth:zot:ApiKey::" + username,
    outputs: rotates === undefined ? { username } : { username, rotates: later(rotates), expires: later(expires) },
  }));
  const outputs = { ciUser: "zot-ci", registryUrl: process.env.SERVER };
  const stack = { type: "pulumi:pulumi:Stack", urn: "urn:pulumi:prod::zot-auth::pulumi:pulumi:Stack::zot-auth-prod", outputs };
  console.log(JSON.stringify({ deployment: { resources: [stack, ...keys] } }));
}
`;

async function check(t: TestContext, keys: Readonly<Record<string, readonly number[]>>): Promise<Ended> {
  const stage = await Stage.open(t);
  const args = ["--notify", "env:T_HOOK"];
  return stage.play({ command: "check", args, cli: CLI, env: { KEYS: JSON.stringify(keys) } });
}

const keyLines = (said: string): readonly string[] =>
  said
    .split("\n")
    .filter((line) => /^(?:✗ )?The key of/.test(line))
    .map((line) => line.replace(/(?:,| since) .*/, ""));

test("a line for each account, the stack's first account first", async (t) => {
  const { code, said, told } = await check(t, { "a-site": [3, 30], "zot-ci": [9, 30] });
  assert.equal(code, 0, said);
  assert.deepEqual(keyLines(said), ["The key of zot-ci rotates in 9 days", "The key of a-site rotates in 3 days"]);
  assert.deepEqual(told, []);
});

test("a key that is overdue, and one that has expired, fail the check and are named", async (t) => {
  const { code, said, told } = await check(t, { "zot-web": [-60, -30], "zot-ci": [9, 30], "a-site": [-3, 30] });
  assert.equal(code, 1, said);
  const lines = keyLines(said).toSorted();
  assert.equal(lines.length, 3, said);
  assert.equal(lines[0], "The key of zot-ci rotates in 9 days");
  assert.match(lines[1] ?? "", /^✗ The key of a-site has been due/);
  assert.match(lines[2] ?? "", /^✗ The key of zot-web expired on /);
  assert.match(said, /^✗ prod: the keys of a-site, zot-web are overdue, see above\. .* replaces them\.$/m);
  const { text = "" } = JSON.parse(told.join()) as { readonly text?: string };
  assert.match(
    text,
    /\nThe key of a-site has been due .*\nThe key of zot-web expired on .*\nThe keys of a-site, zot-web are/,
  );
  assert.doesNotMatch(text, /zot-ci/);
});

test("one account's key that is overdue; one without dates", async (t) => {
  const overdue = await check(t, { "zot-ci": [9, 30], "a-site": [-3, 30] });
  assert.equal(overdue.code, 1);
  assert.match(overdue.said, /^✗ prod: the key of a-site is overdue, see above\. .* replaces it\.$/m);
  const without = await check(t, { "zot-ci": [9, 30], "a-site": [] });
  assert.equal(without.code, 1);
  assert.match(without.said, /^✗ prod: a-site: there is no key: .*Run `.*`\.$/m);
});
