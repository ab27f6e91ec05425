import assert from "node:assert/strict";
import test from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { ZotAuthError } from "../../core/errors.ts";
import { request, unexpected } from "../../core/http/http.ts";
import type { Endpoint, HttpResponse, RequestOptions } from "../../core/http/http.ts";
import { again } from "../../core/http/retryAttempt.ts";
import { endedWaits } from "../../core/time/endedWait.ts";
import type { EndedWait } from "../../core/time/endedWait.ts";
import { nextPause, waitFor } from "../../core/time/wait.ts";
import { listening, responses } from "./support/listening.ts";

const QUICK = { retryFor: 5, pause: 1 };
const endpoint = (url: string): Endpoint => ({ name: "Forgejo", url, setting: "forgejo.url", retriedStatuses: [500] });
const ask = async ({ url }: { readonly url: string }, options: RequestOptions = {}): Promise<HttpResponse> =>
  request(endpoint(url), "/", { retry: QUICK, signal: AbortSignal.timeout(10_000), ...options });
const POST = { method: "POST" } as const;

const failsWith = (code: string, message: RegExp) => (error: unknown) =>
  error instanceof ZotAuthError && error.code === code && message.test(error.message);

for (const status of [200, 204, 301, 400, 401, 403, 404, 409, 422, 423]) {
  test(`${status} is a response, at once`, async (t) => {
    const server = await listening(t, responses([status]));
    const response = await ask(server);
    assert.equal(response.status, status);
    assert.equal(response.retriedFor, undefined);
    assert.equal(server.asked(), 1);
  });
}

for (const status of [429, 500, 502, 503, 504]) {
  test(`${status} is retried`, async (t) => {
    const server = await listening(t, responses([status], [status], [204]));
    assert.equal((await ask(server)).status, 204);
    assert.equal(server.asked(), 3);
  });
}

for (const method of ["PUT", "DELETE"] as const) {
  test(`a ${method} is sent again with its body`, async (t) => {
    const bodies: string[] = [];
    const server = await listening(t, (asked) => (req, res) => {
      let body = "";
      req.on("data", (chunk: Buffer) => (body += chunk.toString()));
      req.on("end", () => {
        bodies.push(body);
        res.writeHead(asked === 1 ? 502 : 204).end();
      });
    });
    assert.equal((await ask(server, { method, json: { a: 1 } })).status, 204);
    assert.deepEqual(bodies, ['{"a":1}', '{"a":1}']);
  });
}

test("a 500 is retried only where the server is known for it", async (t) => {
  const server = await listening(t, responses([500], [200]));
  const plain = { name: "Authentik", url: server.url, setting: "authentik.url" };
  assert.equal((await request(plain, "/", { retry: QUICK })).status, 500);
  assert.equal(server.asked(), 1);
});

test("a non-idempotent request is retried only after 429, which changed nothing", async (t) => {
  const busy = await listening(t, responses([429], [201]));
  assert.equal((await ask(busy, POST)).status, 201);
  for (const options of [POST, { method: "PATCH" }, { method: "PUT", idempotent: false }] as const) {
    const failing = await listening(t, responses([503], [201]));
    const response = await ask(failing, options);
    assert.equal(response.status, 503);
    assert.equal(failing.asked(), 1);
    assert.ok(failsWith("UNEXPECTED_ANSWER", /503/)(unexpected(endpoint(failing.url), "make it", response)));
  }
});

test("every request to the server obeys its Retry-After, in seconds and as a date", async (t) => {
  for (const valueNow of [() => "1", () => new Date(Date.now() + 2000).toUTCString()]) {
    const value = valueNow();
    const server = await listening(t, responses([429, { "retry-after": value }], [204]));
    const start = performance.now();
    const first = ask(server);
    while (server.asked() === 0) await delay(5);
    // The answer is on its way, and takes no time but on a crowded machine.
    await delay(300);
    const second = ask(server).then(() => performance.now() - start);
    await first;
    assert.ok(performance.now() - start >= 900, `waited ${performance.now() - start} ms for ${value}`);
    assert.ok((await second) >= 900, "another request waited too");
  }
});

test("retries end: when the time is over, and at once when the server asks for a longer pause", async (t) => {
  const start = performance.now();
  const failing = await listening(t, responses([503]));
  const last = await ask(failing, { retry: { retryFor: 0.3, pause: 10 } });
  assert.ok(performance.now() - start < 1000);
  assert.ok(failing.asked() > 3);
  const what = "write the secret X in own/app";
  const error = unexpected(endpoint(failing.url), what, last);
  assert.ok(
    failsWith("SERVER_FAILING", /^Forgejo fails \(503\) when asked to write the secret X in own\/app\./)(error),
    error.message,
  );
  const busy = await listening(t, responses([429, { "retry-after": "3600" }]));
  const refused = await ask(busy);
  assert.ok(failsWith("SERVER_BUSY", /Retry-After: 3600/)(unexpected(endpoint(busy.url), what, refused)));
  assert.equal(busy.asked(), 1);
});

test("half of a pause is by chance", async (t) => {
  const pauseWith = async (chance: number): Promise<number> => {
    const server = await listening(t, responses([200], [503], [204]));
    await ask(server);
    const mocked = t.mock.method(Math, "random", () => chance);
    const start = performance.now();
    await ask(server, { retry: { retryFor: 5, pause: 400 } });
    mocked.mock.restore();
    return performance.now() - start;
  };
  assert.ok((await pauseWith(1)) >= 395);
  let least = await pauseWith(0);
  // A machine with much to do takes longer than the pause.
  for (let tries = 0; tries < 5 && least >= 345; tries += 1) least = Math.min(least, await pauseWith(0));
  assert.ok(least >= 195 && least < 345, `${least} ms`);
});

test("a pause, and the wait for a connection, end when they are cancelled", async (t) => {
  const cancelled = new AbortController();
  const failing = await listening(t, responses([503]));
  const pausing = ask(failing, { signal: cancelled.signal, retry: { retryFor: 60, pause: 30_000 } });
  const held: (() => void)[] = [];
  const server = await listening(t, () => (_req, res) => {
    held.push(() => res.writeHead(204).end());
  });
  const holding = Array.from({ length: 8 }, async () => ask(server));
  while (held.length < 8) await delay(5);
  const waiting = ask(server, { signal: cancelled.signal });
  const last = ask(server);
  await delay(50);
  cancelled.abort(new Error("cancelled by the test"));
  await assert.rejects(pausing, /cancelled by the test/);
  await assert.rejects(waiting, /cancelled by the test/);
  assert.equal(failing.asked(), 1);
  for (const answer of held.splice(0)) answer();
  assert.equal((await Promise.all(holding)).length, 8);
  while (held.length < 1) await delay(5);
  for (const answer of held) answer();
  assert.equal((await last).status, 204, "the place of the one that gave up is not lost");
  assert.equal(server.asked(), 9);
});

test("no more than eight requests are in flight, and all get their turn", async (t) => {
  const held: (() => void)[] = [];
  let most = 0;
  const server = await listening(t, () => (_req, res) => {
    most = Math.max(
      most,
      held.push(() => res.writeHead(204).end()),
    );
  });
  const asking = Promise.all(Array.from({ length: 60 }, async () => ask(server)));
  // Answers only while eight wait, so that a slow machine sees the eighth, too; fewer wait at the end.
  for (let answered = 0; answered < 60; answered += 1) {
    while (held.length < Math.min(8, 60 - answered)) await delay(1);
    held.shift()?.();
  }
  assert.equal((await asking).length, 60);
  assert.equal(most, 8);
});

test("a connection that was reset is tried again, when the request is idempotent", async (t) => {
  const server = await listening(t, (asked) => (req, res) => {
    if (asked % 2 === 1) req.socket.resetAndDestroy();
    else res.writeHead(204).end();
  });
  assert.equal((await ask(server)).status, 204);
  assert.equal(server.asked(), 2);
  await assert.rejects(ask(server, POST), failsWith("SERVER_UNREACHABLE", /forgejo\.url/));
  assert.equal(server.asked(), 3);
});

test("a truncated response is requested again in full", async (t) => {
  const ranges: unknown[] = [];
  const server = await listening(t, (asked) => (req, res) => {
    ranges.push(req.headers.range);
    res.writeHead(200, { "content-length": "14", etag: '"1"' });
    if (asked === 1) res.write('{"half', () => req.socket.resetAndDestroy());
    else res.end('{"whole":true}');
  });
  assert.deepEqual((await ask(server)).json, { whole: true });
  assert.deepEqual(ranges, [undefined, undefined]);
});

test("a server that is not there is reported at once", async () => {
  await assert.rejects(ask({ url: "http://127.0.0.1:1" }), failsWith("SERVER_UNREACHABLE", /ECONNREFUSED/));
});

test("a request without an answer in time is sent once more, if it is idempotent", async (t) => {
  const silent = await listening(t, () => () => undefined);
  await assert.rejects(ask(silent, { timeout: 0.1 }), failsWith("SERVER_UNREACHABLE", /timed out/));
  assert.equal(silent.asked(), 2);
  await assert.rejects(ask(silent, { ...POST, timeout: 0.1 }), failsWith("SERVER_UNREACHABLE", /timed out/));
  assert.equal(silent.asked(), 3);
  const late = await listening(t, (asked) => (_req, res) => {
    if (asked > 1) res.writeHead(204).end();
  });
  assert.equal((await ask(late, { timeout: 0.5 })).status, 204);
});

test("what a wait is for is seen soon after it is there, with few looks in the long run", () => {
  const looks = [0];
  for (let [now, pause] = [0, 30]; now < 300_000; now += pause, pause = nextPause(pause)) looks.push(now + pause);
  for (const [index, later] of looks.slice(1).entries()) {
    const before = looks[index] ?? 0;
    assert.ok(later - before <= Math.min(before / 4 + 30, 2000) + 0.001, `${before} and then ${later}`);
  }
  assert.ok(looks.length < 180, `${looks.length} looks in five minutes`);
});

test("a wait reports until when it had no result", async (t) => {
  const told: EndedWait[] = [];
  const listener = (message: unknown): void => void told.push(message as EndedWait);
  endedWaits.subscribe(listener);
  t.after(() => endedWaits.unsubscribe(listener));
  const since = Date.now();
  let looks = 0;
  const look = async (): Promise<number | undefined> => {
    await delay(20);
    return ++looks < 3 ? undefined : looks;
  };
  const options = { what: "it", timeoutSeconds: 5, signal: AbortSignal.timeout(10_000), remedy: () => "" };
  assert.equal(await waitFor(look, options), 3);
  const [wait, ...more] = told;
  assert.ok(wait !== undefined && more.length === 0);
  assert.ok(wait.begun >= since && wait.nothingUntil - wait.begun >= 60, JSON.stringify(wait));
  assert.ok(wait.seenFrom - wait.nothingUntil >= 30 && Date.now() - wait.seenFrom >= 18, JSON.stringify(wait));
  looks = 2;
  await waitFor(look, options);
  assert.equal(told[1]?.nothingUntil, told[1]?.begun);
});

test("a wait goes on while its server is down, but not for ever, and not after another error", async (t) => {
  let down = 2;
  const look = async (): Promise<string | undefined> => {
    if (down-- > 0) return (await ask({ url: "http://127.0.0.1:1" })).text;
    return "seen";
  };
  const options = { what: "it", timeoutSeconds: 5, signal: AbortSignal.timeout(10_000), remedy: () => "" };
  assert.equal(await waitFor(look, options), "seen");
  down = Infinity;
  await assert.rejects(
    waitFor(look, { ...options, timeoutSeconds: 0.2 }),
    failsWith("SERVER_UNREACHABLE", /ECONNREFUSED/),
  );
  const forbidden = await listening(t, responses([403]));
  const refused = async () => {
    throw unexpected(endpoint(forbidden.url), "look", await ask(forbidden));
  };
  await assert.rejects(waitFor(refused, options), failsWith("UNEXPECTED_ANSWER", /403/));
  assert.equal(forbidden.asked(), 1);
});

test("what makes something is looked up before it is tried again", async () => {
  const signal = AbortSignal.timeout(10_000);
  const outage = async (): Promise<string> => (await ask({ url: "http://127.0.0.1:1" })).text;
  assert.equal(await again(outage, signal, async () => Promise.resolve("found")), "found");
  let tries = 0;
  const second = async (): Promise<string> => ((tries += 1) === 1 ? outage() : "made");
  assert.equal(await again(second, signal), "made");
  const wrong = async (): Promise<string> =>
    Promise.reject(new ZotAuthError("UNEXPECTED_ANSWER", `try ${(tries += 1)}`));
  await assert.rejects(again(wrong, signal), /try 3/);
});
