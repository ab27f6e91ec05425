import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import test from "node:test";
import { listen } from "../../../commands/check/listen.ts";

test("it serves the metrics of the last check, says while there is none, and ends at the signal", async () => {
  const ended = new AbortController();
  const checks: (() => void)[] = [];
  const begun: (() => void)[] = [];
  const next = async (): Promise<void> => new Promise((resolve) => begun.push(resolve));
  let count = 0;
  const check = async (): Promise<string> => {
    count += 1;
    const text = `checks ${count}\n`;
    await new Promise<void>((resolve) => {
      checks.push(resolve);
      begun.shift()?.();
    });
    return text;
  };
  const first = next();
  let page = "";
  const done = listen({
    host: "127.0.0.1",
    port: 0,
    every: 0,
    check,
    signal: ended.signal,
    onListening: (url) => (page = url),
  });
  await first;
  assert.match(page, /^http:\/\/127\.0\.0\.1:\d+\/metrics$/);
  assert.equal((await fetch(page)).status, 503);
  const second = next();
  checks.shift()?.();
  await second;
  const served = await fetch(`${page}?x=1`);
  assert.deepEqual([served.status, await served.text()], [200, "checks 1\n"]);
  assert.match(served.headers.get("content-type") ?? "", /^text\/plain; version=0\.0\.4/);
  assert.equal((await fetch(page, { method: "POST" })).status, 405);
  assert.equal((await fetch(page.replace("metrics", "state"))).status, 404);
  ended.abort();
  checks.shift()?.();
  await done;
  await assert.rejects(fetch(page));
});

test("an address in use is an error at once", async (t) => {
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  t.after(() => other.close());
  const { port } = other.address() as AddressInfo;
  const { signal } = new AbortController();
  const check = async (): Promise<string> => Promise.reject(new Error("never checked"));
  const listening = listen({ host: "127.0.0.1", port, every: 60, check, signal, onListening: () => undefined });
  await assert.rejects(listening, /EADDRINUSE/);
});
