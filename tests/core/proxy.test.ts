import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import test from "node:test";
import type { TestContext } from "node:test";

const PROGRAM = `
  import { request } from ${JSON.stringify(new URL("../../core/http/http.ts", import.meta.url).href)};
  await request({ name: "Forgejo", url: "http://forgejo.example", setting: "forgejo.url" }, "/").catch(() => undefined);
`;

/** The requests that a proxy gets when a process with this environment sends one to forgejo.example. */
async function askedOfProxy(t: TestContext, environment: NodeJS.ProcessEnv): Promise<readonly unknown[]> {
  const asked: unknown[] = [];
  const proxy = createServer((request, response) => {
    asked.push(request.url);
    response.end();
  });
  proxy.on("connect", (request, socket) => {
    asked.push(request.url);
    socket.destroy();
  });
  await new Promise<void>((done) => proxy.listen(0, "127.0.0.1", done));
  t.after(() => {
    proxy.close();
    proxy.closeAllConnections();
  });
  const child = spawn(process.execPath, ["--input-type=module", "--eval", PROGRAM], {
    env: { ...process.env, HTTP_PROXY: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`, ...environment },
  });
  await once(child, "close");
  return asked;
}

test("HTTP_PROXY is used only if Node is configured to use proxies", async (t) => {
  for (const environment of [{ NODE_USE_ENV_PROXY: "1" }, { NODE_OPTIONS: "--use-env-proxy" }]) {
    const asked = await askedOfProxy(t, environment);
    assert.ok(asked.length > 0 && asked.every((url) => /forgejo\.example/.test(String(url))), String(asked));
  }
  assert.deepEqual(await askedOfProxy(t, { NODE_USE_ENV_PROXY: "1", NO_PROXY: "forgejo.example" }), []);
  assert.deepEqual(await askedOfProxy(t, { NODE_USE_ENV_PROXY: "0" }), []);
});
