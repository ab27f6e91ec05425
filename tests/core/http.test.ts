import assert from "node:assert/strict";
import test from "node:test";
import { request } from "../../core/http/http.ts";
import { Secret } from "../../core/secrets/secret.ts";

const ENDPOINT = { name: "Forgejo", url: "http://127.0.0.1:1", setting: "forgejo.url" };

for (const [name, character] of Object.entries({
  "a line break": "\n",
  "a zero": "\0",
  "a dash from a text": "\u2014",
})) {
  test(`a token with ${name} in it is reported without its value`, async () => {
    const headers = { authorization: new Secret(`token hush${character}hush`) };
    await assert.rejects(request(ENDPOINT, "/", { headers }), (error) => {
      assert.ok(error instanceof Error);
      assert.match(error.message, /Forgejo's header "authorization" \(not shown\)/);
      assert.doesNotMatch(`${error.message}${String(error.stack)}`, /hush/);
      return true;
    });
  });
}
