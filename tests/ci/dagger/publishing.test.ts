import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import { loginOf, publishOnce, tagOf } from "../../../ci/dagger/src/publishing.ts";
import type { Publication } from "../../../ci/dagger/src/publishing.ts";
import { fingerprint } from "../../../core/secrets/fingerprint.ts";
import type { SecretMarker } from "../../../systems/forgejo/secrets/secretMarker.ts";
import { image, pushImage } from "../../lab/zot/support/images.ts";
import { infoOf, startCiRegistry } from "../support.ts";
import type { CiRegistry } from "../support.ts";

// What publish() of the Dagger module decides, against a zot whose CI group may create below homelab/ alone; with the real zot where there is one. The engine's push
// is played, with the errors that BuildKit gives.

let ci: CiRegistry;
before(async () => {
  ci = await startCiRegistry();
});
after(() => ci.registry.close());

const login = (marker: Partial<SecretMarker> = {}) =>
  loginOf({ info: infoOf(ci, marker), registry: "", prefix: "", user: undefined });

const publication = (more: Partial<Publication> = {}): Publication => ({
  login: login(),
  name: "hello",
  version: "1.0.0",
  commitSha: "0123abcdef",
  password: ci.key,
  push,
  ...more,
});

/** Pushes as the engine does, and fails with its words. */
async function push(name: string): Promise<void> {
  const [, repository = "", tag = ""] = /\/(.*):(.*)$/.exec(name) ?? [];
  const headers = { Authorization: `Basic ${Buffer.from(`zot-ci:${ci.key}`).toString("base64")}` };
  const status = await pushImage(ci.registry.url, repository, tag, image(tag), headers).catch(() => 403);
  if (status === 201) return;
  const target = `${ci.registry.url}/v2/${repository}/manifests/${tag}`;
  throw new Error(`failed to push ${name}: unexpected status from PUT request to ${target}: ${status} Forbidden`);
}

const never = (): Promise<never> => assert.fail("nothing is pushed");

test("a new tag is pushed, the same one again is skipped without a push", async () => {
  const name = `${new URL(ci.registry.url).host}/homelab/hello:v1.0.0-0123abc`;
  assert.equal(await publishOnce(publication()), `pushed ${name}`);
  assert.equal(
    await publishOnce(publication({ push: never })),
    `skipped ${name}: it exists already, and tags are never overwritten`,
  );
});

test("a push that another job was faster with is skipped, too", async () => {
  const asked = publication({
    name: "race",
    push: async (name) => {
      await push(name);
      await push(name);
    },
  });
  assert.match(await publishOnce(asked), /^skipped .*: another job pushed it meanwhile/);
});

for (const [what, more, message] of [
  [
    "a namespace that is not CI's",
    () => ({ login: login({ login: { user: "zot-ci", registry: ci.registry.url, prefix: "private" } }) }),
    /refuses \S+\/private\/hello:\S+: failed to push[^\n]*\nzot-ci may create new tags below private\/ and nothing else/,
  ],
  [
    "a key that zot does not know",
    () => ({ password: "zak_0000", login: login({ fingerprint: fingerprint("zak_0000") }) }),
    /rejects the key of zot-ci\. It is the key zot-auth\/lab\/3 that the variable describes, so the key may have been revoked/,
  ],
  ["another key than the variable says", () => ({ password: "zak_0000" }), /is not the key zot-auth\/lab\/3 that/],
  [
    "an expired key",
    () => ({ password: "zak_0000", login: login({ expires: "2020-01-01T00:00:00Z" }) }),
    /The key zot-auth\/lab\/3 expired on 2020-01-01T00:00:00Z\. Run `pulumi up` of zot-auth/,
  ],
  [
    "a registry that does not answer",
    () => ({ login: login({ login: { user: "zot-ci", registry: "http://127.0.0.1:9", prefix: "homelab" } }) }),
    /^Error: 127\.0\.0\.1:9 does not answer: .+\. Run the job again once it does\.$/,
  ],
  ["an empty key", () => ({ password: "" }), /the key is empty: .*pull requests from forks/],
  ["a name with capitals", () => ({ name: "Hello" }), /invalid name "Hello": lower-case letters/],
  ["a name that climbs out", () => ({ name: "../other" }), /invalid name "\.\.\/other"/],
  ["a version with a v", () => ({ version: "v1" }), /invalid version "v1": without the leading v/],
  ["a version with a slash", () => ({ version: "1/2" }), /invalid version "1\/2"/],
  ["no commit", () => ({ commitSha: "" }), /invalid commit ""/],
  ["a branch for a commit", () => ({ commitSha: "main" }), /invalid commit "main"/],
] as const) {
  test(`${what}: an error that says what to do`, async () => {
    const asked = publication({ version: "9", ...more() });
    await assert.rejects(publishOnce(asked), (error: Error) => {
      assert.match(String(error), message);
      assert.ok(!String(error).includes(ci.key));
      return true;
    });
    for (const prefix of ["homelab", "private"])
      assert.equal((await fetch(`${ci.registry.url}/v2/${prefix}/hello/manifests/v9-0123abc`)).status, 404);
  });
}

test("without a password nothing signs in, and the registry's refusal says which argument is missing", async () => {
  const asked = publication({
    name: "anonymous",
    password: undefined,
    push: () => Promise.reject(new Error("push access denied, repository does not exist or may require authorization")),
  });
  await assert.rejects(publishOnce(asked), /Nothing signed in: pass --registry-password=env:ZOT_CI_API_KEY\.$/);
});

test("an error of the build is no refusal, and the key in it is hidden", async () => {
  const asked = publication({
    name: "broken",
    push: () => Promise.reject(new Error(`open Dockerfile: permission denied (${ci.key})`)),
  });
  await assert.rejects(publishOnce(asked), (error: Error) =>
    /was not pushed: open Dockerfile: permission denied \(\*\*\*\)\nA job that runs again/.test(error.message),
  );
});

test("a registry that fails is not taken for one without the tag", async (t) => {
  const server = createServer(({ url }, response) => {
    response.statusCode = url === "/v2/" ? 200 : 503;
    response.end();
  });
  await new Promise<void>((done) => {
    server.listen(0, "127.0.0.1", done);
  });
  t.after(() => server.close());
  const registry = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const asked = publication({ login: login({ login: { user: "zot-ci", registry, prefix: "homelab" } }), push: never });
  await assert.rejects(publishOnce(asked), /did not say whether .* exists\. Run the job again/);
});

test("what is given by hand takes precedence over the variable", () => {
  const given = { info: infoOf(ci), registry: "registry.example.net", prefix: "own", user: "me" };
  const { url, host, prefix, user } = loginOf(given);
  assert.deepEqual(
    { url, host, prefix, user },
    { url: "https://registry.example.net", host: "registry.example.net", prefix: "own", user: "me" },
  );
  assert.equal(loginOf({ ...given, info: "", user: undefined }).user, "zot-ci");
});

for (const [what, given, message] of [
  ["nothing", {}, /no registry is known\. Pass .*--info/],
  ["a variable of an earlier version", { info: "label=zot-auth/lab/3 fingerprint=0123" }, /by an older zot-auth/],
  ["a registry that is no host", { registry: "a b", prefix: "own" }, /invalid registry "a b"/],
] as const) {
  test(`${what} instead of a login is an error`, () => {
    assert.throws(() => loginOf({ info: "", registry: "", prefix: "", user: undefined, ...given }), message);
  });
}

test("a tag has at most 128 characters", () => {
  assert.equal(tagOf("1".repeat(119), "0123abcdef").length, 128);
  assert.throws(() => tagOf("1".repeat(120), "0123abcdef"), /invalid version/);
});
