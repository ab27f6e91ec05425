import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import { endOfLog } from "../../../systems/forgejo/jobs/jobLog.ts";

// The end of a job's log as an error and the report show it, which others read than those who may read the log.

const base64 = (text: string): string => Buffer.from(text).toString("base64");
const KEY = `zak_${"0a".repeat(16)}`;
const PASSWORD = "hunter2-of-the-robot";
const BASIC = base64(`zot-ci:${PASSWORD}`);
const DOCKER = JSON.stringify({ auths: { "zot.example": { auth: BASIC } } });

for (const [what, line, shown] of [
  ["a config of docker", DOCKER, `{"auths":{"zot.example":{"auth":"***"}}}`],
  ["a config of docker in base64", `.dockerconfigjson: ${base64(DOCKER)}`, ".dockerconfigjson: ***"],
  ["one with more in base64 around it", base64(`data: ${base64(DOCKER)}`), "***"],
  ["one of several lines", base64(JSON.stringify(JSON.parse(DOCKER), undefined, "\t")), "***"],
  ["a key in base64 of base64 in bytes", base64(`\u0000ü${base64(`\u0000ü${base64(`ü${KEY}`)}`)}`), "***"],
  ["base64 in the middle of a word", `path/${base64(DOCKER)}`, "***"],
  ["Basic", `> Authorization: Basic ${BASIC}`, "> Authorization: Basic ***"],
  ["a short Basic", "authorization: basic YTpi", "authorization: basic ***"],
  ["Bearer, in quotes", `-H "Authorization: Bearer ${PASSWORD}" -v`, `-H "Authorization: Bearer ***" -v`],
  ["a token of Forgejo", `Authorization: token 0123456789abcdef`, "Authorization: token ***"],
  ["an option", `--token=${PASSWORD} --password ${PASSWORD} x`, "--token=*** --password *** x"],
  ["JSON", `{"token": "${PASSWORD}", "a": 1}`, `{"token": "***", "a": 1}`],
  ["a variable", `REGISTRY_TOKEN='${PASSWORD}'`, "REGISTRY_TOKEN='***'"],
  ["colours in between", `Bearer \u001B[1m${PASSWORD}\u001B[0m`, "Bearer ***"],
  ["an address", `push https://zot-ci:${PASSWORD}@zot.example/app`, "push https://***@zot.example/app"],
] as const) {
  test(`masked: ${what}`, () => assert.equal(endOfLog(line, []), shown));
}

for (const line of [
  "unauthorized: no basic auth credentials, token expired, password: incorrect.",
  'Www-Authenticate: Bearer realm="https://zot.example/auth"',
  "copying /var/lib/containers/storage/overlay-images/manifest",
  `@zot.example/app@sha256:${"ab".repeat(32)} v1.2.3-0123abcdef0123`,
  "--------------------------------------------------",
])
  test(`shown as it is: ${line}`, () => assert.equal(endOfLog(line, []), line));

test("a digest is shown as it is", () => {
  const digest = fc.string().map((text) => createHash("sha256").update(text).digest("hex"));
  const shown = fc.property(digest, (hex) => {
    const line = `sha256:${hex} done`;
    assert.equal(endOfLog(line, []), line);
  });
  fc.assert(shown);
});

test("no part of a user or a password is shown, however often they are in base64", () => {
  const printable = fc.string({ unit: "grapheme-ascii", minLength: 16, maxLength: 60 });
  fc.assert(
    fc.property(printable, fc.integer({ min: 1, max: 3 }), (secret, times) => {
      let word = secret;
      for (let time = 0; time < times; time += 1) word = base64(word);
      assert.equal(endOfLog(`auth: ${word}`, []), "auth: ***");
    }),
  );
});
