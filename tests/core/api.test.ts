import assert from "node:assert/strict";
import { test } from "node:test";
import { Authentik } from "../../systems/authentik/client.ts";
import { Forgejo } from "../../systems/forgejo/client.ts";
import { createKey, listKeys, revokeKey } from "../../systems/zot/client.ts";
import type { ZotCredentials } from "../../systems/zot/client.ts";
import { Secret } from "../../core/secrets/secret.ts";
import { listening } from "./support/listening.ts";

// Something else answers in a server's place: a proxy, a sign-in page, another program. Its 200 or 404 must not count as "no keys" or "deleted".

process.env["API_TEST_TOKEN"] = "t".repeat(40);
const TOKEN = "env:API_TEST_TOKEN";
const ME: ZotCredentials = { kind: "key", username: "zot-ci", key: new Secret("zak_mine") };
const soon = (): AbortSignal => AbortSignal.timeout(10_000);

const forgejo = (url: string): Forgejo => new Forgejo({ forgejoUrl: url, forgejoToken: TOKEN }, soon());
const authentik = (url: string): Authentik => new Authentik({ authentikUrl: url, authentikToken: TOKEN }, soon());

/** What the program asks of each server, and would take for done, gone or none. */
const REQUESTS: Readonly<Record<string, (url: string) => Promise<unknown>>> = {
  "zot: list keys": async (url) => listKeys(url, ME, soon()),
  "zot: revoke a key": async (url) => revokeKey(url, ME, "an-id", soon()),
  "Forgejo: list secrets": async (url) => forgejo(url).secretNames("own/app"),
  "Forgejo: delete a secret": async (url) => forgejo(url).deleteSecret("own/app", "NAME"),
  "Authentik: find a blueprint": async (url) => authentik(url).blueprint("custom/zot.yaml"),
  "Authentik: delete a blueprint": async (url) => authentik(url).deleteBlueprint("an-id"),
};

const PAGE = { "content-type": "text/html; charset=utf-8" };
const SIGN_IN = "<!DOCTYPE html><html><head><title>Sign in to\n example</title></head></html>";

for (const [name, ask] of Object.entries(REQUESTS)) {
  test(`${name}: a sign-in page, a redirect to one, and another server's JSON are errors that name the setting`, async (t) => {
    const html = await listening(t, () => (_, response) => void response.writeHead(200, PAGE).end(SIGN_IN));
    const redirect = await listening(t, () => (_, response) => {
      response.writeHead(302, { location: "https://login.example.net/?rd=x", ...PAGE }).end('<a href="x">Found</a>');
    });
    const wrong = {
      code: "WRONG_SERVER",
      message: /Check the setting (registry|forgejo|authentik)\.url, and whether a proxy/,
    };
    await assert.rejects(ask(html.url), wrong);
    await assert.rejects(ask(html.url), /answers 200 with the HTML page "Sign in to example"/);
    await assert.rejects(ask(redirect.url), /redirects to https:\/\/login\.example\.net, which /);
    if (/delete/.test(name)) {
      const missing = await listening(
        t,
        () => (_, response) => void response.writeHead(404, PAGE).end("<html>nginx</html>"),
      );
      await assert.rejects(ask(missing.url), wrong, "a proxy's 404 does not mean that the object is gone");
    }
    if (/list|find/.test(name)) {
      const other = await listening(t, () => (_, response) => void response.writeHead(200).end('{"status":"ok"}'));
      await assert.rejects(ask(other.url), wrong);
    }
  });
}

test("an error quotes one line of what a server answers, and of an HTML page its title", async (t) => {
  const bodies = [
    ["<html>\n<head><title>403 Forbidden</title></head>\n<body>nginx</body></html>", 'the HTML page "403 Forbidden"'],
    ["<!DOCTYPE html><p>No title", "an HTML page"],
    ["first line\n  second line\n", "first line second line"],
  ] as const;
  for (const [body, quoted] of bodies)
    for (const [name, ask] of Object.entries(REQUESTS)) {
      const { url } = await listening(t, () => (_, response) => void response.writeHead(418).end(body));
      await assert.rejects(ask(url), ({ message }: Error) => {
        assert.ok(message.includes(quoted), `${name}: ${message}`);
        assert.doesNotMatch(message, /[<\n]/);
        return true;
      });
    }
});

test("a redirect to another server is not followed: no token gets there", async (t) => {
  const elsewhere = await listening(t, () => (_, response) => void response.writeHead(200).end("{}"));
  for (const [name, ask] of Object.entries(REQUESTS))
    for (const status of [301, 302, 307, 308]) {
      const { url, asked } = await listening(t, () => (_, response) => {
        response.writeHead(status, { location: `${elsewhere.url}/` }).end();
      });
      await assert.rejects(ask(url), { code: "WRONG_SERVER" }, `${name}, ${status}`);
      assert.ok(asked() > 0);
    }
  assert.equal(elsewhere.asked(), 0);
});

test("a key that comes with an unexpected status is not in the error", async (t) => {
  for (const status of [200, 202]) {
    const body = JSON.stringify({ uuid: "u", apiKey: "zak_brand-new" });
    const zot = await listening(t, () => (_, response) => {
      response.writeHead(status, { "content-type": "application/json" }).end(body);
    });
    const error = await createKey(zot.url, ME, { label: "l", expirationDate: "2027-01-01T00:00:00Z" }, soon()).catch(
      (thrown: unknown) => thrown,
    );
    assert.ok(error instanceof Error);
    assert.match(error.message, new RegExp(`zot answered ${status} when asked to create an API key`));
    assert.doesNotMatch(`${error.message} ${String(error.stack)}`, /zak_brand-new/);
  }
});
