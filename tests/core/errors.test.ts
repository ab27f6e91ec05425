import assert from "node:assert/strict";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import test from "node:test";
import { inspect } from "node:util";
import { ZotAuthError } from "../../core/errors.ts";
import { request } from "../../core/http/http.ts";
import { Secret } from "../../core/secrets/secret.ts";

const everything = (error: unknown): string => inspect(error, { depth: 20, showHidden: true });

test("an error keeps what is behind it: names, codes and messages, two levels down", () => {
  const reset = Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });
  const failed = new TypeError("fetch failed", { cause: reset });
  const { cause } = new ZotAuthError("SERVER_UNREACHABLE", "Forgejo does not answer.", failed);
  assert.ok(cause instanceof Error && cause.cause instanceof Error && "code" in cause.cause);
  assert.deepEqual([cause.name, cause.message], ["TypeError", "fetch failed"]);
  assert.deepEqual([cause.cause.code, cause.cause.message], ["ECONNRESET", "read ECONNRESET"]);
});

test("nothing else of it is kept: no request, no header, no body, no text that a parser quotes", () => {
  const parsing = (() => {
    try {
      return JSON.parse("hush-hush") as unknown;
    } catch (error) {
      return error;
    }
  })();
  assert.match(everything(parsing), /hush/);
  const response = { headers: { "set-cookie": "hush" }, body: "hush" };
  const hung = Object.assign(new Error("failed", { cause: response }), {
    request: { headers: { authorization: "hush" } },
    response,
  });
  for (const cause of [parsing, hung, response, "hush", new Error("outer", { cause: parsing })]) {
    const error = new ZotAuthError("UNEXPECTED_ANSWER", "It failed.", cause);
    assert.ok(error.cause instanceof Error);
    assert.doesNotMatch(everything(error), /hush/);
  }
});

test("a request whose connection ends has the reason as its cause, and nothing of the request", async (t) => {
  const server = createServer((socket) => socket.once("data", () => socket.resetAndDestroy()));
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  t.after(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const options = {
    method: "POST",
    headers: { authorization: new Secret("token hush") },
    json: { data: "hush" },
  } as const;
  await assert.rejects(request({ name: "Forgejo", url, setting: "forgejo.url" }, "/?query=hush", options), (error) => {
    assert.ok(error instanceof ZotAuthError && error.cause instanceof Error && "code" in error.cause);
    assert.equal(error.code, "SERVER_UNREACHABLE");
    assert.match(String(error.cause.code), /ECONNRESET|UND_ERR_SOCKET/);
    assert.doesNotMatch(everything(error), /hush/);
    return true;
  });
});
