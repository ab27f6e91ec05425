import assert from "node:assert/strict";
import { test } from "node:test";
import { Stage } from "../support/played.ts";

// `npm run notify`, as a person tries a webhook with it.

test("a test message is sent, the output says what and where, and nothing is remembered", async (t) => {
  const stage = await Stage.open(t);
  const notify = (args: readonly string[], env: NodeJS.ProcessEnv = {}): ReturnType<Stage["play"]> =>
    stage.play({ command: "notify", args, env, cli: "" });
  const sent = await notify(["--notify", "env:T_HOOK"]);
  assert.equal(sent.code, 0, sent.said);
  assert.deepEqual(
    sent.told.map((body): unknown => JSON.parse(body)),
    [{ text: "*zot-auth: prod: a test*\nThis is a test of the notifications. Nothing needs you." }],
  );
  assert.match(
    sent.said,
    /^✓ sent to http:\/\/127\.0\.0\.1:\d+ \(env:T_HOOK\), as slack: "zot-auth: prod: a test", "This is a test .*"\n$/,
  );
  assert.doesNotMatch(sent.said, /hook\b/, "nothing of the address but its server");
  assert.deepEqual(sent.files, []);
  const again = await notify([], { ZOT_AUTH_NOTIFY: "env:T_HOOK", ZOT_AUTH_NOTIFY_FORMAT: "ntfy" });
  assert.match(again.told.join(), /"topic":"hook","title":"zot-auth: prod: a test"/);
  assert.match(again.said, /\(env:T_HOOK\), as ntfy: /);
});

test("what keeps a notification from being sent fails here, with the same words, and wrong usage sends nothing", async (t) => {
  const stage = await Stage.open(t);
  const notify = (args: readonly string[], env: NodeJS.ProcessEnv = {}): ReturnType<Stage["play"]> =>
    stage.play({ command: "notify", args, env, cli: "" });
  for (const [args, env, why] of [
    [["--notify", "env:T_NONE"], {}, /^✗ The notification was not sent \(--notify\): .*T_NONE .*is not set/],
    [
      ["--notify", "env:T_HOOK"],
      { T_HOOK: "no address" },
      /webhook of env:T_HOOK: its address is not an http or https/,
    ],
    [["--notify", "env:T_HOOK", "--notify-format", "none.json"], {}, /not sent \(--notify\): ENOENT.*none\.json/],
  ] as const) {
    const { code, said, told } = await notify(args, env);
    assert.equal(code, 1, said);
    assert.match(said, why);
    assert.deepEqual(told, []);
  }
  for (const [args, why] of [
    [[], /^No webhook is named: neither by --notify nor by ZOT_AUTH_NOTIFY\.\nusage: npm run notify/],
    [["--notify", "https://hook.example.net/secret"], /^--notify needs a reference/],
    [["--notify", "env:T_HOOK", "--full"], /^usage: npm run notify/],
  ] as const) {
    const { code, said, told } = await notify(args);
    assert.equal(code, 2, said);
    assert.match(said, why);
    assert.doesNotMatch(said, /secret/);
    assert.deepEqual(told, []);
  }
});
