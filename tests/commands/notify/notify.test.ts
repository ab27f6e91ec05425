import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after, before, beforeEach } from "node:test";
import type { StepEvents } from "../../../report/sources/events.ts";
import { bodyOf } from "../../../commands/notify/message.ts";
import { memoryInFile } from "../../../commands/notify/memory.ts";
import { notify } from "../../../commands/notify/notify.ts";

const folder = mkdtempSync(join(tmpdir(), "zot-auth-notify-"));
const PATH = "/services/the-secret-path";
const got: { readonly path: string; readonly body: unknown; readonly headers: IncomingHttpHeaders }[] = [];
let answers: number[] = [];
const server = createServer((request, response) => {
  let text = "";
  request.on("data", (chunk: Buffer) => (text += chunk.toString()));
  request.on("end", () => {
    got.push({ path: request.url ?? "", body: JSON.parse(text) as unknown, headers: request.headers });
    response.writeHead(answers.shift() ?? 200).end("the answer may quote the-secret-path");
  });
});
let origin: string;
let said: string[] = [];
const write = process.stderr.write.bind(process.stderr);

before(async () => {
  await new Promise<void>((done) => {
    server.listen(0, "127.0.0.1", done);
  });
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
beforeEach(() => {
  rmSync(join(folder, "stack"), { recursive: true, force: true });
  got.length = 0;
  answers = [];
  said = [];
  process.env["T_HOOK"] = origin + PATH;
});
after(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

const FINE = {
  stack: "prod",
  command: "check" as const,
  success: true,
  says: ["The key rotates in 59 days."],
  state: undefined,
};
const RED = { ...FINE, success: false, says: ["The key is overdue since 3 days.", "Not everything is as declared."] };

async function tell(checked: object, format = "slack", signal = new AbortController().signal): Promise<void> {
  process.stderr.write = (text: string | Uint8Array): boolean => said.push(String(text)) > 0;
  try {
    await notify(
      { address: "env:T_HOOK", format, setting: "--notify", formatSetting: "--notify-format" },
      { ...FINE, ...checked },
      { memory: memoryInFile(join(folder, "stack")), settingsFile: join(folder, "none.yaml"), retryFor: 1, signal },
    );
  } finally {
    process.stderr.write = write;
  }
}

test("each new state is sent once, then one all-clear", async () => {
  await tell(FINE);
  assert.equal(got.length, 0);
  await tell(RED);
  await tell({ ...RED, says: ["The key is overdue since 4 days.", "Not everything is as declared."] });
  assert.equal(got.length, 1, "a number is no news");
  assert.deepEqual(got[0]?.body, {
    text: "*zot-auth: prod needs you: the check failed*\nThe key is overdue since 3 days.\nNot everything is as declared.",
  });
  assert.equal(got[0].path, PATH);
  await tell({ ...RED, says: ["zot does not answer."] });
  assert.equal(got.length, 2);
  await tell(FINE);
  await tell(FINE);
  assert.equal(got.length, 3);
  assert.match(JSON.stringify(got[2]?.body), /prod is as declared again/);
  assert.deepEqual(said, []);
});

test("the message has what differs and why something could not be checked, and another of these is news", async () => {
  const urn = (name: string): string => `urn:pulumi:prod::zot-auth::zot-auth:zot:Config::${name}`;
  const events = (steps: Readonly<Record<string, string>>, ...errors: readonly string[]): object => ({
    steps: new Map<string, Partial<StepEvents>>([
      ...Object.entries(steps).map(([name, difference]) => [urn(name), { state: "differs", difference }] as const),
      [urn("same"), { state: "unchanged" }] as const,
    ]),
    findings: [
      { severity: "warning", text: "no reason" },
      ...errors.map((text) => ({ severity: "error", step: "proof", text })),
    ],
  });
  const texts = (): readonly string[] => got.map(({ body }) => (body as { readonly text: string }).text);
  await tell({ ...RED, events: events({ site1: "has no secret", app: "update: data" }) });
  assert.match(texts()[0] ?? "", /as declared\.\n- site1: has no secret\n- app: update: data$/);
  await tell({ ...RED, events: events({ app: "update: data", site1: "has no secret" }) });
  assert.equal(got.length, 1, "another order");
  await tell({ ...RED, events: events({ site2: "has no secret", app: "update: data" }) });
  assert.equal(got.length, 2, "another resource");
  await tell({ ...RED, events: events({ site2: "has another secret", app: "update: data" }) });
  assert.equal(got.length, 3, "another difference");
  await tell({ ...RED, events: events({}, "zot answered 500.\nSee its log at 10:15.") });
  assert.match(texts()[3] ?? "", /\n- proof: zot answered 500\. See its log at 10:15\.$/);
  await tell({ ...RED, events: events({}, "zot answered 500.\nSee its log at 10:16.") });
  assert.equal(got.length, 4, "a number");
  await tell({ ...RED, events: events({}, "The certificate is not trusted.") });
  assert.equal(got.length, 5, "another reason");
  for (const key of ["due", "expired", "expired"])
    await tell({ ...RED, key, events: events({}, "The certificate is not trusted.") });
  assert.equal(got.length, 7, "the key, too");
  const many = Object.fromEntries(Array.from({ length: 30 }, (_, at) => [`r${at}`, "long ".repeat(1000)]));
  await tell({ ...RED, events: events(many) });
  assert.match(texts()[7] ?? "", /\n- and 24 more$/);
  assert.ok((texts()[7] ?? "").length < 1500);
  assert.doesNotMatch(texts().join(), /no reason|same/);
});

test("several accounts: the unmanaged keys of each, whichever the state has first", async () => {
  const keys = (username: string, ...labels: readonly string[]): object => ({
    type: "zot-auth:zot:OtherKeys",
    outputs: { username, unmanaged: labels.map((label) => ({ label })) },
  });
  const state = (...resources: readonly object[]): object => ({ state: { deployment: { resources } } });
  await tell(state(keys("zot-ci"), keys("zot-site", "by hand", "old"), keys("zot-web", "by hand")));
  assert.deepEqual(got[0]?.body, {
    text: [
      "*zot-auth: prod needs you: unmanaged keys*",
      'The account zot-site has unmanaged keys, which zot-auth did not create: "by hand", "old". See docs/background/key-life.md.',
      'The account zot-web has unmanaged keys, which zot-auth did not create: "by hand". See docs/background/key-life.md.',
    ].join("\n"),
  });
  await tell(state(keys("zot-web", "by hand"), keys("zot-site", "by hand", "old"), keys("zot-ci")));
  assert.equal(got.length, 1, "another order");
  await tell(state(keys("zot-web"), keys("zot-site", "by hand", "old"), keys("zot-ci", "by hand")));
  assert.equal(got.length, 2, "another account");
  await tell({ ...RED, says: Array.from({ length: 20 }, (_, at) => `The key of zot-${at} is due.`) });
  assert.match(
    (got[2]?.body as { readonly text: string } | undefined)?.text ?? "",
    /\nThe key of zot-4 is due\.\nAnd 14 more\.\nThe key of zot-19 is due\.$/,
  );
});

test("check, update and keys are remembered apart: none is news because another one is", async () => {
  const titles = (): readonly unknown[] =>
    got.map(({ body }) => (body as { readonly text: string }).text.split("\n")[0]);
  const update = { ...RED, command: "update" };
  const keys = (...labels: readonly string[]): object => ({
    state: {
      deployment: {
        resources: [{ type: "zot-auth:zot:OtherKeys", outputs: { unmanaged: labels.map((label) => ({ label })) } }],
      },
    },
  });
  await tell({ ...update, ...keys("by hand") });
  assert.deepEqual(titles(), ["*zot-auth: prod needs you: the update failed, unmanaged keys*"]);
  await tell({ ...RED, ...keys("by hand") });
  assert.deepEqual(titles().slice(1), ["*zot-auth: prod needs you: the check failed*"]);
  assert.doesNotMatch(JSON.stringify(got[1]?.body), /by hand/);
  for (let day = 0; day < 3; day += 1) {
    await tell({ ...update, ...keys("by hand") });
    await tell({ ...RED, ...keys("by hand") });
  }
  assert.equal(got.length, 2, "day after day the same");
  await tell({ ...FINE, ...keys("by hand") });
  assert.deepEqual(got[2]?.body, {
    text: "*zot-auth: prod is as declared again*\nThis still needs you: the update failed, unmanaged keys.",
  });
  await tell({ ...FINE, command: "update", ...keys() });
  assert.deepEqual(got[3]?.body, {
    text: "*zot-auth: prod is up to date again, has no unmanaged keys any more*\nNothing needs you any more.",
  });
});

test("a memory that cannot be read or written is an error of its own, and the message is sent", async () => {
  const memory = join(folder, "stack", "notified");
  mkdirSync(memory, { recursive: true });
  await tell(RED);
  assert.equal(got.length, 1);
  assert.match(said[0] ?? "", /^The last notification cannot be read \(--notify\), so it may be sent again: EISDIR/);
  assert.match(said[1] ?? "", /^The notification was sent \(--notify\), but cannot be remembered, .*: EISDIR/);
  assert.equal(said.length, 2, said.join());
});

test("what an earlier release remembered, its text, is still the same", async () => {
  mkdirSync(join(folder, "stack"));
  const file = join(folder, "stack", "notified");
  writeFileSync(file, JSON.stringify({ check: "Not everything is as declared.", update: "" }));
  await tell(RED);
  assert.equal(got.length, 0);
  await tell(FINE);
  assert.match(JSON.stringify(got[0]?.body), /prod is as declared again/);
  writeFileSync(file, "no JSON");
  await tell(RED);
  assert.equal(got.length, 2);
  assert.deepEqual(said, []);
});

test("a signal ends it before it is sent", async () => {
  await tell(RED, "slack", AbortSignal.abort());
  assert.equal(got.length, 0);
  assert.match(said.join(), /^The notification was not sent/);
});

test("an unmanaged key needs a person although the check succeeds", async () => {
  const unmanaged = { type: "zot-auth:zot:OtherKeys", outputs: { unmanaged: [{ label: "by hand" }] } };
  await tell({ ...FINE, state: { deployment: { resources: [unmanaged] } } });
  assert.match(JSON.stringify(got[0]?.body), /unmanaged keys.*\\"by hand\\"/);
});

test("a webhook that fails is tried again; then the check says so without the address, and the next one tells", async () => {
  answers = [503, 200];
  await tell(RED);
  assert.equal(got.length, 2, "once more");
  rmSync(join(folder, "stack"), { recursive: true });
  answers = [404];
  await tell(RED);
  assert.match(
    said.join(),
    /^The notification was not sent \(--notify\): the webhook of env:T_HOOK: it answered 404\n$/,
  );
  await tell(RED);
  assert.equal(got.length, 4);
  process.env["T_HOOK"] = `http://127.0.0.1:1${PATH}`;
  await tell({ ...RED, says: ["Another reason."] });
  process.env["T_HOOK"] = `no address ${PATH}`;
  await tell({ ...RED, says: ["Another reason."] });
  delete process.env["T_HOOK"];
  await tell({ ...RED, says: ["Another reason."] });
  assert.equal(said.length, 4, said.join());
  assert.match(
    said.join(),
    /does not answer at http:\/\/127\.0\.0\.1:1 .*not an http or https address.*T_HOOK .*is not set/s,
  );
  assert.ok(!said.join().includes("the-secret-path"), said.join());
});

test("ntfy gets its topic, and credentials go into a header", async () => {
  process.env["T_HOOK"] = origin.replace("//", "//me:pass%40word@") + "/ntfy/my-topic";
  await tell(RED, "ntfy");
  assert.equal(got[0]?.path, "/ntfy");
  assert.equal((got[0].body as { readonly topic: string }).topic, "my-topic");
  assert.equal(got[0].headers.authorization, `Basic ${Buffer.from("me:pass@word").toString("base64")}`);
});

test("a template is filled in, whatever the text has in it", async () => {
  const message = { title: 'a "title"', text: "{title}\n$& </b>" };
  assert.deepEqual(bodyOf({ template: { content: "{title}: {text}", n: [1, "{text}", null] } }, message), {
    content: 'a "title": {title}\n$& </b>',
    n: [1, message.text, null],
  });
  const file = join(folder, "template.json");
  writeFileSync(file, '{"content": "{title}"}');
  await tell(RED, file);
  assert.deepEqual(got[0]?.body, { content: "zot-auth: prod needs you: the check failed" });
  writeFileSync(file, "no JSON the-secret-path");
  await tell({ ...RED, says: ["Another reason."] }, file);
  assert.match(said.join(), /template\.json \(--notify-format\) is not JSON/);
});
