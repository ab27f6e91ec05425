import assert from "node:assert/strict";
import test from "node:test";
import { ownOptionsIn } from "../../../commands/check/options.ts";
import { hasProvedSince } from "../../../commands/check/proveAgain.ts";

const DEFAULTS = { textfile: undefined, listen: undefined, every: 3600, full: false, notify: undefined };
const WEBHOOK = { setting: "--notify", formatSetting: "--notify-format" };
const REST = ["lab", "--config-file", "a.yaml"];

for (const [options, expected] of [
  [[], {}],
  [["--full"], { full: true }],
  [
    ["--notify", "env:HOOK"],
    { notify: { ...WEBHOOK, address: "env:HOOK", format: "slack", formatSetting: "ZOT_AUTH_NOTIFY_FORMAT" } },
  ],
  [["--notify=file:hook", "--notify-format=ntfy"], { notify: { ...WEBHOOK, address: "file:hook", format: "ntfy" } }],
  [["--textfile", "m.prom"], { textfile: "m.prom" }],
  [["--textfile=m.prom", "--full"], { textfile: "m.prom", full: true }],
  [["--listen", "127.0.0.1:9464"], { listen: { host: "127.0.0.1", port: 9464 } }],
  [["--listen=[::1]:9464", "--every", "10 minutes"], { listen: { host: "::1", port: 9464 }, every: 600 }],
  [["--every=1 day", "--listen", ":9464"], { listen: { host: "::", port: 9464 }, every: 86_400 }],
] as const) {
  test(`the check's own options are taken out: ${options.join(" ")}`, () => {
    const [stack = "", ...rest] = REST;
    assert.deepEqual(ownOptionsIn([stack, ...options, ...rest], {}), { ...DEFAULTS, ...expected, rest: REST });
  });
}

for (const [options, why] of [
  [["--notify", "https://hook.example.net"], /^--notify needs a reference/],
  [["--notify-format", "ntfy"], /^--notify-format goes with --notify$/],
  [["--notify", "env:HOOK", "--notify-format"], /^--notify-format needs slack, matrix, ntfy/],
  [["--textfile"], /^--textfile needs the name of a file$/],
  [["--listen"], /^--listen "" is not host:port/],
  [["--listen", "9464"], /^--listen "9464" is not host:port/],
  [["--listen", "host:99999"], /is not host:port/],
  [["--listen", "::1:9464"], /is not host:port/],
  [["--every", "1 hour"], /^--every goes with --listen$/],
  [["--listen", ":1", "--every", "hourly"], /^--every "hourly" is not a duration/],
  [["--listen", ":1", "--every", "5 seconds"], /is less than a minute/],
  [["--listen", ":1", "--full"], /^--full does not go with --listen/],
] as const) {
  test(`invalid options: ${options.join(" ")}`, () => {
    const problem = ownOptionsIn(["lab", ...options], {});
    assert.ok(typeof problem === "string");
    assert.match(problem, why);
  });
}

test("without the option, the environment says whom to notify; an empty variable is as none", () => {
  const notify = (env: NodeJS.ProcessEnv, ...options: readonly string[]): unknown => {
    const own = ownOptionsIn(["lab", ...options], env);
    return typeof own === "string" ? own : own.notify;
  };
  const variables = { setting: "ZOT_AUTH_NOTIFY", formatSetting: "ZOT_AUTH_NOTIFY_FORMAT" };
  assert.deepEqual(notify({ ZOT_AUTH_NOTIFY: "env:HOOK", ZOT_AUTH_NOTIFY_FORMAT: "" }), {
    ...variables,
    address: "env:HOOK",
    format: "slack",
  });
  assert.deepEqual(notify({ ZOT_AUTH_NOTIFY: "env:HOOK", ZOT_AUTH_NOTIFY_FORMAT: "ntfy" }, "--notify", "env:OTHER"), {
    ...variables,
    setting: "--notify",
    address: "env:OTHER",
    format: "ntfy",
  });
  assert.equal(notify({ ZOT_AUTH_NOTIFY: "", ZOT_AUTH_NOTIFY_FORMAT: "" }), undefined);
  assert.match(String(notify({ ZOT_AUTH_NOTIFY: "https://hook.example.net" })), /^ZOT_AUTH_NOTIFY needs a reference/);
});

test("proofs that did not run are not taken for passed", () => {
  const proof = (type: string, again?: string): object => ({ type: `zot-auth:acceptance:${type}`, inputs: { again } });
  const state = (...resources: readonly object[]): unknown => ({ deployment: { resources } });
  assert.ok(hasProvedSince("now", state(proof("AccessProof", "now"), proof("Preflight"))));
  assert.ok(!hasProvedSince("now", state(proof("AccessProof", "now"), proof("TestBuild", "before"))));
  assert.ok(!hasProvedSince("now", state(proof("AccessProof"))));
  assert.ok(!hasProvedSince("now", state()));
});
