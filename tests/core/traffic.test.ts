import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import test from "node:test";
import type { TestContext } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { ZotAuthError } from "../../core/errors.ts";
import { Answer, request } from "../../core/http/http.ts";
import { Traffic } from "../../core/http/traffic.ts";

const QUICK = { retryFor: 5, pause: 1 };
const trip = (idempotent = true, signal = AbortSignal.timeout(10_000)) => ({
  server: "Forgejo",
  what: "write the secret X in own/app",
  idempotent,
  signal,
});
const answer = (status: number, headers: Readonly<Record<string, string>> = {}): Answer =>
  new Answer(status, new Headers(headers), "");

/** Gives these answers, the last one again and again, and counts how often it was asked. */
function answers(...given: readonly Answer[]) {
  let asked = 0;
  return {
    send: async () => Promise.resolve(given[Math.min(asked++, given.length - 1)] ?? answer(500)),
    asked: () => asked,
  };
}

const failsWith = (code: string, message: RegExp) => (error: unknown) =>
  error instanceof ZotAuthError && error.code === code && message.test(error.message);

for (const status of [200, 204, 301, 400, 401, 403, 404, 409, 422, 423]) {
  test(`${status} is an answer, at once`, async () => {
    const server = answers(answer(status));
    assert.equal((await new Traffic(QUICK).send(trip(), server.send)).status, status);
    assert.equal(server.asked(), 1);
  });
}

for (const status of [429, 500, 502, 503, 504]) {
  test(`${status} is tried again`, async () => {
    const server = answers(answer(status), answer(status), answer(204));
    assert.equal((await new Traffic(QUICK).send(trip(), server.send)).status, 204);
    assert.equal(server.asked(), 3);
  });
}

test("what cannot be sent twice is tried again after 429, which did nothing, and after nothing else", async () => {
  const busy = answers(answer(429), answer(201));
  assert.equal((await new Traffic(QUICK).send(trip(false), busy.send)).status, 201);
  const failing = answers(answer(500), answer(201));
  assert.equal((await new Traffic(QUICK).send(trip(false), failing.send)).status, 500);
  assert.equal(failing.asked(), 1);
});

test("Retry-After is heeded, in seconds and as a date, by all that go to the server", async () => {
  for (const valueNow of [() => "1", () => new Date(Date.now() + 2000).toUTCString()]) {
    const value = valueNow();
    const traffic = new Traffic(QUICK);
    const server = answers(answer(429, { "retry-after": value }), answer(204));
    const start = performance.now();
    const first = traffic.send(trip(), server.send);
    await delay(50);
    const second = traffic.send(trip(), answers(answer(200)).send).then(() => performance.now() - start);
    await first;
    assert.ok(performance.now() - start >= 900, `waited ${performance.now() - start} ms for ${value}`);
    assert.ok((await second) >= 900, "another request waited too");
  }
});

test("it ends: within the time, and at once when the server asks for more than that", async () => {
  const start = performance.now();
  const failing = answers(answer(503));
  await assert.rejects(
    new Traffic({ retryFor: 0.3, pause: 10 }).send(trip(), failing.send),
    failsWith("SERVER_FAILING", /^Forgejo fails \(503\) when asked to write the secret X in own\/app\./),
  );
  assert.ok(performance.now() - start < 1000);
  assert.ok(failing.asked() > 3);
  const busy = answers(answer(429, { "retry-after": "3600" }));
  await assert.rejects(new Traffic(QUICK).send(trip(), busy.send), failsWith("SERVER_BUSY", /Retry-After: 3600/));
  assert.equal(busy.asked(), 1);
});

test("half of a pause is by chance", async (t) => {
  const pauseWith = async (chance: number): Promise<number> => {
    const mocked = t.mock.method(Math, "random", () => chance);
    const start = performance.now();
    await new Traffic({ retryFor: 5, pause: 400 }).send(trip(), answers(answer(503), answer(204)).send);
    mocked.mock.restore();
    return performance.now() - start;
  };
  const [least, most] = [await pauseWith(0), await pauseWith(1)];
  assert.ok(least >= 195 && most >= 395 && least < most - 50, `${least} to ${most} ms`);
});

test("a pause, and the wait for room, end when they are cancelled", async () => {
  const cancelled = new AbortController();
  const traffic = new Traffic({ retryFor: 60, pause: 30_000, inFlight: 1 });
  const pausing = traffic.send(trip(true, cancelled.signal), answers(answer(503)).send);
  await delay(10);
  let free = (): void => undefined;
  const holding = traffic.send(trip(), async () => {
    await new Promise<void>((done) => (free = done));
    return answer(200);
  });
  await delay(10);
  const never = answers(answer(200));
  const waiting = traffic.send(trip(true, cancelled.signal), never.send);
  const last = traffic.send(trip(), answers(answer(204)).send);
  cancelled.abort(new Error("cancelled by the test"));
  await assert.rejects(pausing, { name: "AbortError" });
  await assert.rejects(waiting, /cancelled by the test/);
  assert.equal(never.asked(), 0);
  free();
  assert.equal((await holding).status, 200);
  assert.equal((await last).status, 204, "the place of the one that gave up is not lost");
});

test("no more are in flight than allowed, and all get their turn", async () => {
  const traffic = new Traffic({ inFlight: 3 });
  let now = 0;
  let most = 0;
  const statuses = await Promise.all(
    Array.from({ length: 40 }, async () =>
      traffic.send(trip(), async () => {
        most = Math.max(most, (now += 1));
        await delay(Math.random() * 4);
        now -= 1;
        return answer(204);
      }),
    ),
  );
  assert.equal(statuses.length, 40);
  assert.equal(most, 3);
});

/** A server that counts, and answers as it is told. */
async function listening(
  t: TestContext,
  listener: (asked: number) => RequestListener,
): Promise<{ url: string; asked: () => number }> {
  let asked = 0;
  const server = createServer((req, res) => {
    asked += 1;
    listener(asked)(req, res);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  t.after(() => server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked: () => asked };
}

test("a connection that was reset is tried again, when the request can be sent twice", async (t) => {
  const server = await listening(t, (asked) => (req, res) => {
    if (asked % 2 === 1) req.socket.resetAndDestroy();
    else res.writeHead(204).end();
  });
  const send = async (): Promise<Answer> => request({ name: "Forgejo", url: server.url, setting: "forgejo.url" }, "/");
  assert.equal((await new Traffic(QUICK).send(trip(), send)).status, 204);
  assert.equal(server.asked(), 2);
  await assert.rejects(new Traffic(QUICK).send(trip(false), send), failsWith("SERVER_UNREACHABLE", /forgejo\.url/));
  assert.equal(server.asked(), 3);
});

test("a server that is not there, or does not answer in time, is told at once", async (t) => {
  const server = await listening(t, () => () => undefined);
  let asked = 0;
  const ask = (url: string, timeout: number) => async (): Promise<Answer> => {
    asked += 1;
    return request({ name: "Forgejo", url, setting: "forgejo.url" }, "/", { timeout });
  };
  await assert.rejects(
    new Traffic(QUICK).send(trip(), ask("http://127.0.0.1:1", 5)),
    failsWith("SERVER_UNREACHABLE", /ECONNREFUSED|bad port/),
  );
  await assert.rejects(
    new Traffic(QUICK).send(trip(), ask(server.url, 0.1)),
    failsWith("SERVER_UNREACHABLE", /timed out/),
  );
  assert.equal(asked, 2);
});
