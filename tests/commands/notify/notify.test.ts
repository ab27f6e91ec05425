import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after, before, beforeEach } from "node:test";
import { bodyOf } from "../../../commands/notify/message.ts";
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

const FINE = { stack: "prod", success: true, says: ["The key rotates in 59 days."], state: undefined };
const RED = { ...FINE, success: false, says: ["The key is overdue since 3 days.", "Not everything is as declared."] };

async function tell(checked: object, format = "slack"): Promise<void> {
  process.stderr.write = (text: string | Uint8Array): boolean => said.push(String(text)) > 0;
  try {
    await notify(
      { address: "env:T_HOOK", format },
      { ...FINE, ...checked },
      { folder: join(folder, "stack"), settingsFile: join(folder, "none.yaml"), retryFor: 1 },
    );
  } finally {
    process.stderr.write = write;
  }
}

test("each new state is told once, and that nothing needs anybody any more", async () => {
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
