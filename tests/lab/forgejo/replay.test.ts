// Replays what a real Forgejo 14.0.2 was asked, in the recorded order, and compares the answers. Proves status, the headers
// that matter and whole bodies; bodies that the recording cut are compared by status and headers only.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { startForgejo } from "../../../lab/forgejo/server.ts";

interface Recorded {
  readonly id: number;
  readonly label: string;
  readonly method: string;
  readonly path: string;
  readonly token?: string;
  readonly basic?: string;
  readonly request?: string;
  readonly fill?: { readonly key: string; readonly bytes: number };
  readonly contentType?: string;
  readonly requestHeaders?: Readonly<Record<string, string>>;
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

const recorded = JSON.parse(
  readFileSync(new URL("../../data/forgejo/transcripts.json", import.meta.url), "utf8"),
) as readonly Recorded[];

const SCOPES = [
  "all",
  ...["repository", "user", "organization", "issue"].flatMap((name) => [`read:${name}`, `write:${name}`]),
];
const USERS = ["root1", "own", "bob", "carl"];

await test("answers the recorded requests as the real server did", async (t) => {
  const data = mkdtempSync(join(tmpdir(), "forgejo-replay-"));
  const server = await startForgejo({
    port: 0,
    data,
    runner: null,
    seed: {
      users: USERS.map((login) => ({ login, isAdmin: login === "root1", password: `password of ${login}` })),
      tokens: USERS.flatMap((user) =>
        SCOPES.map((scope) => ({ token: tokenOf(`${user}:${scope}`), user, scopes: [scope] })),
      ),
    },
  });
  t.after(async () => {
    await server.close();
    rmSync(data, { recursive: true });
  });
  const differences: string[] = [];
  let bodies = 0;
  for (const exchange of recorded) {
    const response = await fetch(`${server.url}${withTokens(exchange.path)}`, {
      method: exchange.method,
      headers: headersOf(exchange),
      body: bodyOf(exchange),
      redirect: "manual",
    });
    const body = comparable(await response.text(), server.url);
    const found = { status: response.status, headers: pick(response.headers, exchange.headers ?? {}) };
    const wanted = { status: exchange.status, headers: exchange.headers ?? {} };
    const label = `${exchange.id} ${exchange.label}`;
    if (JSON.stringify(found) !== JSON.stringify(wanted)) {
      differences.push(`${label}: ${JSON.stringify(found)} instead of ${JSON.stringify(wanted)} ${body.slice(0, 200)}`);
    }
    if (exchange.body === undefined) continue;
    bodies += 1;
    const wantedBody = comparable(exchange.body, "http://127.0.0.1:13001");
    if (body !== wantedBody)
      differences.push(`${label}: body ${body.slice(0, 900)} instead of ${wantedBody.slice(0, 900)}`);
  }
  assert.deepEqual(differences, []);
  assert.ok(
    recorded.length > 300 && bodies > 250,
    `only ${recorded.length} requests and ${bodies} bodies were compared`,
  );
});

function tokenOf(name: string): string {
  return Buffer.from(name).toString("hex").padEnd(40, "0");
}

function withTokens(text: string): string {
  return text
    .replace(/<token ([^>]+)>/g, (_, name: string) => tokenOf(name))
    .replace(/<password (\w+)>/g, (_, login: string) => `password of ${login}`);
}

function headersOf(exchange: Recorded): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(exchange.requestHeaders ?? {})) headers[name] = withTokens(value);
  if (exchange.token !== undefined) headers["Authorization"] = `token ${tokenOf(exchange.token)}`;
  if (exchange.basic !== undefined) {
    headers["Authorization"] = `Basic ${Buffer.from(withTokens(exchange.basic)).toString("base64")}`;
  }
  if (exchange.contentType !== undefined) headers["Content-Type"] = exchange.contentType;
  return headers;
}

/** As bytes, to which `fetch` adds no content type of its own. */
function bodyOf({ request, fill }: Recorded): Uint8Array<ArrayBuffer> | null {
  const text = fill === undefined ? request : JSON.stringify({ [fill.key]: "x".repeat(fill.bytes) });
  return text === undefined ? null : new TextEncoder().encode(text);
}

function pick(headers: Headers, wanted: Readonly<Record<string, string>>): Record<string, string | null> {
  return Object.fromEntries(Object.keys(wanted).map((name) => [name, headers.get(name)]));
}

/** Without what differs between two servers: times, and the address. */
function comparable(body: string, url: string): string {
  return body.replaceAll(url, "URL").replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, "TIME");
}
