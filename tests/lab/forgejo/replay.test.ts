// Replays the requests recorded on a real Forgejo 14.0.2, in order, and compares the responses: status, the relevant
// headers and the body. If the recording truncated the body, only status and headers are compared.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { NOT_REPLAYED, RECORDED } from "./notReplayed.ts";
import { startForgejo } from "../../../lab/forgejo/server.ts";

interface Recorded {
  readonly id: number;
  readonly label: string;
  readonly method: string;
  readonly path: string;
  readonly token?: string;
  readonly basic?: string;
  readonly request?: string;
  /** How often to send a request that the recording summarizes. `{n}` in the path and `{i}` in the body count from 0. */
  readonly times?: number;
  /** Number of the exchange that created run `{run}` in the path. The lab's run ids differ, since it has no runs for pushes. */
  readonly run?: number;
  /** The beginning of a body that the recording truncated. */
  readonly start?: string;
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

await test("responds to the recorded requests like the real server", async (t) => {
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
  const runs = new Map<number, string>();
  for (const exchange of recorded.flatMap(repeated)) {
    const path = withTokens(exchange.path).replace("{run}", runs.get(exchange.run ?? -1) ?? "none");
    const response = await fetch(`${server.url}${path}`, {
      method: exchange.method,
      headers: headersOf(exchange),
      body: bodyOf(exchange),
      redirect: "manual",
    });
    const text = await response.text();
    const body = comparable(text, server.url);
    const run = /^\{"id":(\d+),"run_number"/.exec(text)?.[1];
    if (run !== undefined) runs.set(exchange.id, run);
    const found = { status: response.status, headers: pick(response.headers, exchange.headers ?? {}) };
    const wanted = { status: exchange.status, headers: exchange.headers ?? {} };
    const label = `${exchange.id} ${exchange.label}`;
    if (JSON.stringify(found) !== JSON.stringify(wanted)) {
      differences.push(`${label}: ${JSON.stringify(found)} instead of ${JSON.stringify(wanted)} ${body.slice(0, 200)}`);
    }
    const recordedBody = exchange.body ?? exchange.start;
    if (recordedBody === undefined) continue;
    bodies += 1;
    const wantedBody = comparable(recordedBody, "http://127.0.0.1:13001").replace(/\d{4}-[^"]*$/, "");
    if (exchange.body === undefined ? !body.startsWith(wantedBody) : body !== wantedBody)
      differences.push(`${label}: body ${body.slice(0, 900)} instead of ${wantedBody.slice(0, 900)}`);
  }
  assert.deepEqual(differences, []);
  assert.ok(
    recorded.length > 420 && bodies > 280,
    `only ${recorded.length} requests and ${bodies} bodies were compared`,
  );
});

test("every recorded exchange is replayed or has a reason not to be", () => {
  const replayed = new Set(recorded.map(({ id }) => id));
  for (const [reason, ids] of Object.entries(NOT_REPLAYED)) {
    assert.deepEqual(
      ids.filter((id) => replayed.has(id)),
      [],
      reason,
    );
  }
  const leftOut = new Set(Object.values(NOT_REPLAYED).flat());
  const missing = Array.from({ length: RECORDED }, (_, id) => id).filter((id) => !replayed.has(id) && !leftOut.has(id));
  assert.deepEqual(missing, []);
});

/** The exchange, as often as it is to be sent. */
function repeated(exchange: Recorded): readonly Recorded[] {
  return Array.from({ length: exchange.times ?? 1 }, (_, i) => ({
    ...exchange,
    path: exchange.path.replace("{n}", String(i).padStart(2, "0")),
    ...(exchange.request === undefined ? {} : { request: exchange.request.replace("{i}", String(i)) }),
  }));
}

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

/** The body as bytes, since `fetch` adds no content type to bytes. */
function bodyOf({ request, fill }: Recorded): Uint8Array<ArrayBuffer> | null {
  const text = fill === undefined ? request : JSON.stringify({ [fill.key]: "x".repeat(fill.bytes) });
  return text === undefined ? null : new TextEncoder().encode(text);
}

function pick(headers: Headers, wanted: Readonly<Record<string, string>>): Record<string, string | null> {
  return Object.fromEntries(Object.keys(wanted).map((name) => [name, headers.get(name)]));
}

/** Masks what differs between two servers: times and the URL. */
function comparable(body: string, url: string): string {
  return body.replaceAll(url, "URL").replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, "TIME");
}
