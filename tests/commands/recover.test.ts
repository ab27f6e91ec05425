import assert from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { Stage } from "./support/played.ts";
import type { Ended } from "./support/played.ts";

// The real `npm run recover`, as a timer or a workflow runs it, with a played CLI: whom it notifies. engine/commands/recover.ts runs it with the real CLI.

/** In place of the toolchain: each command ends as PLAYED says, by its first words. */
const CLI = `
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
const args = process.argv.slice(4);
const played = JSON.parse(process.env.PLAYED);
const { code = 0, log = [], says = "", hangs = false } = played[args[0]] ?? {};
const at = args.indexOf("--event-log");
if (at >= 0 && log.length > 0) writeFileSync(args[at + 1], log.map((event) => JSON.stringify(event)).join("\\n"));
console.error("ran: " + args[0] + (args[0] === "stack" ? "" : " " + args.filter((arg) => /^--(yes|notify)/.test(arg)).join(" ")));
process.stderr.write(says);
const tags = "reports/tags.json";
if (args[1] === "tag" && played.tags !== undefined) process.exit(played.tags.code);
if (args.slice(0, 3).join(" ") === "stack tag ls") console.log(existsSync(tags) ? readFileSync(tags, "utf8") : "{}");
else if (args.slice(0, 3).join(" ") === "stack tag set") {
  mkdirSync("reports", { recursive: true });
  writeFileSync(tags, JSON.stringify({ "vcs:kind": "git", [args[3]]: args[4] }));
} else if (args[0] === "stack") console.log(JSON.stringify(played.state ?? { deployment: { resources: [] } }));
if (hangs) {
  process.on("SIGINT", () => process.exit(1));
  setInterval(() => {}, 1000);
  console.log("hangs");
} else process.exitCode = code;
`;

const URN = "urn:pulumi:prod::zot-auth::zot-auth:index:CiServiceAccount$zot-auth:zot:ApiKey::ci-key";
const error = (message: string) => ({ diagnosticEvent: { urn: URN, severity: "error", message } });
const summary = (more: object) => ({ summaryEvent: { durationSeconds: 1, isPreview: false, ...more } });
const FAILED = [
  error("Authentik answers 500 at https://auth.example.net: see its log."),
  summary({ result: "failed" }),
];

interface Play {
  readonly code?: number;
  readonly log?: readonly object[];
  readonly says?: string;
  readonly hangs?: boolean;
}

function dateIn(days: number): string {
  return new Date(Date.now() + days * 86_400_000).toISOString();
}

function state(options: { readonly due?: boolean; readonly unmanaged?: readonly string[] }): object {
  const key = { username: "zot-ci", rotates: dateIn(options.due === true ? -3 : 9), expires: dateIn(30) };
  const unmanaged = (options.unmanaged ?? []).map((label) => ({ label }));
  return {
    deployment: {
      resources: [
        { type: "zot-auth:zot:ApiKey", outputs: key },
        { type: "zot-auth:zot:OtherKeys", outputs: { unmanaged } },
      ],
    },
  };
}

type Recover = (
  played: Readonly<Record<"refresh" | "up" | "stack" | "cancel" | "state", Play | object>> | object,
  more?: { readonly signal?: NodeJS.Signals; readonly args?: readonly string[]; readonly env?: NodeJS.ProcessEnv },
) => Promise<Ended>;

/** Runs it once after another, each in the same folder. */
async function recoverIn(t: TestContext): Promise<Recover> {
  const stage = await Stage.open(t);
  return async (played, { signal, args = [], env = {} } = {}) =>
    stage.play({
      command: "recover",
      args: ["--yes", ...args],
      cli: CLI,
      env: { ZOT_AUTH_NOTIFY: "env:T_HOOK", PLAYED: JSON.stringify(played), ...env },
      signal,
    });
}

test("a failed rotation is reported once, with the engine's error; then the update that succeeds", async (t) => {
  const recover = await recoverIn(t);
  const red = { state: state({ due: true }), up: { code: 255, log: FAILED } };
  const { code, said, told } = await recover(red);
  assert.equal(code, 255, said);
  assert.equal(told.length, 1, said);
  const { text = "" } = JSON.parse(told[0] ?? "") as { readonly text?: string };
  assert.match(
    text,
    /^\*zot-auth: prod needs you: the update failed\*\nThe key of zot-ci has been due for rotation since/,
  );
  assert.match(
    text,
    /\nThe update failed\.\n- ci-key: Authentik answers 500 at https:\/\/auth\.example\.net: see its log\.$/,
  );
  assert.deepEqual((await recover(red)).told, [], "the same is no news");
  const again = await recover({ state: state({}) });
  assert.equal(again.code, 0);
  assert.match(again.told.join(), /prod is up to date again.*Nothing needs you any more/);
  assert.deepEqual((await recover({ state: state({}) })).told, []);
});

test("a job of a workflow has no lasting folder: there, a tag of the stack remembers what was sent", async (t) => {
  const recover = await recoverIn(t);
  const red = { state: state({ unmanaged: ["by hand"] }), up: { code: 255, log: FAILED } };
  const job = { env: { CI: "true" } };
  const first = await recover(red, job);
  assert.equal(first.told.length, 1, first.said);
  assert.deepEqual(first.files, ["tags.json"]);
  assert.deepEqual((await recover(red, job)).told, [], "the same is no news");
  assert.match(
    (await recover({ state: state({}) }, job)).told.join(),
    /prod is up to date again, has no unmanaged keys/,
  );
  assert.deepEqual((await recover({ state: state({}) }, job)).told, []);
  const unreadable = await recover({ ...red, tags: { code: 255 } }, job);
  assert.equal(unreadable.told.length, 1);
  assert.match(
    unreadable.said,
    /cannot be read \(ZOT_AUTH_NOTIFY\), so it may be sent again: the tags of prod cannot be/,
  );
  assert.match(
    unreadable.said,
    /cannot be remembered, so the next run sends it again: the tag zot-auth:notified of prod/,
  );
  // A folder that stays, which the workflow names.
  const named = await recover(red, { env: { CI: "true", ZOT_AUTH_REPORTS: "reports/kept" } });
  assert.ok(named.files.includes("kept/prod/notified"), named.files.join());
});

test("of several accounts, each whose key is overdue is named", async (t) => {
  const recover = await recoverIn(t);
  const resources = (["zot-web", "zot-ci", "zot-site"] as const).map((username) => ({
    type: "zot-auth:zot:ApiKey",
    outputs: { username, rotates: dateIn(username === "zot-ci" ? 9 : -3), expires: dateIn(30) },
  }));
  const { told } = await recover({ state: { deployment: { resources } }, up: { code: 255, log: FAILED } });
  assert.match(told.join(), /failed\*\\nThe key of zot-site has been due .*\.\\nThe key of zot-web has been due /);
  assert.doesNotMatch(told.join(), /zot-ci/);
});

test("unmanaged keys that an update found are reported, although it succeeds", async (t) => {
  const recover = await recoverIn(t);
  const { code, told } = await recover({ state: state({ unmanaged: ["by hand"] }) });
  assert.equal(code, 0);
  assert.match(told.join(), /needs you: unmanaged keys.*\\"by hand\\"/);
});

test("what fails before the update is reported: servers that cannot be read, and a lock that may be held", async (t) => {
  const recover = await recoverIn(t);
  const unread = await recover({ refresh: { code: 255, log: FAILED } });
  assert.equal(unread.code, 255);
  assert.match(
    unread.told.join(),
    /The servers could not be read, so nothing was changed.*ci-key: Authentik answers 500/,
  );
  assert.doesNotMatch(unread.said, /ran: up/);
  const lock =
    "error: the stack is currently locked by 1 lock(s).\n  s3://b/x.json: created by me@elsewhere (pid 4711) at 2026-11-25T08:00:01Z\n";
  const locked = await recover({ refresh: { code: 255, says: lock } });
  assert.equal(locked.code, 1);
  assert.match(locked.told.join(), /prod is locked by me@elsewhere, process 4711, .* on another machine/);
});

for (const command of ["refresh", "up"]) {
  test(`an interrupted ${command} tells nobody, and nothing runs after it`, async (t) => {
    const recover = await recoverIn(t);
    const { told, said, code } = await recover({ [command]: { hangs: true } }, { signal: "SIGINT" });
    assert.notEqual(code, 0);
    assert.deepEqual(told, [], said);
    assert.ok(said.includes(`ran: ${command}`) && said.includes("hangs"), said);
    if (command === "refresh") assert.doesNotMatch(said, /ran: up/);
  });
}

test("a plan that was declined, and a stack that does not exist, tell nobody", async (t) => {
  const recover = await recoverIn(t);
  const declined = await recover({ up: { code: 255, log: [summary({ isPreview: true })] } });
  assert.deepEqual([declined.code, declined.told], [255, []]);
  const none = await recover({ refresh: { code: 6 } });
  assert.deepEqual([none.code, none.told], [2, []]);
});

test("without a webhook nothing else runs, and the options of Pulumi are passed on", async (t) => {
  const recover = await recoverIn(t);
  const none = await recover({ up: { code: 255, log: FAILED } }, { env: { ZOT_AUTH_NOTIFY: "" } });
  assert.deepEqual(none.told, []);
  assert.deepEqual(none.said.match(/^ran: .*$/gm), ["ran: refresh --yes", "ran: up --yes"]);
  const option = await recover(
    { up: { code: 255, log: FAILED } },
    { args: ["--notify=env:T_HOOK", "--notify-format", "ntfy"], env: { ZOT_AUTH_NOTIFY: "" } },
  );
  assert.match(option.told.join(), /"topic":"hook"/);
  assert.deepEqual(option.said.match(/^ran: .*$/gm), ["ran: refresh --yes", "ran: up --yes", "ran: stack"]);
  const wrong = await recover({}, { env: { ZOT_AUTH_NOTIFY: "https://hook.example.net/secret" } });
  assert.equal(wrong.code, 2);
  assert.match(wrong.said, /^ZOT_AUTH_NOTIFY needs a reference to the webhook's address/);
  assert.doesNotMatch(wrong.said, /secret|ran:/);
});
