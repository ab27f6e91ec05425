// The results of the conformance suites: the page shows them, the stand-in behaves like zot, and what CI is denied.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { page, readMeasured, renderPage } from "./document.ts";
import { parseJunit } from "./junit.ts";
import type { Result } from "./results.ts";
import { resultOf, totalOf, unexplained } from "./results.ts";
import { suites } from "./suites.ts";

const measured = readMeasured();
const standIn = "stand-in for v2.1.20";

function result(program: string, suite: string, account: string): Result {
  const found = measured[program]?.[suite]?.[account];
  assert.ok(found !== undefined, `${program}, ${suite}, ${account} was not measured`);
  return found;
}

test("docs/background/conformance.md is up to date with the measured data; `npm run conformance` writes both", async () => {
  assert.equal(readFileSync(page, "utf8"), await renderPage(measured));
});

test("the stand-in passes and fails the same cases as zot v2.1.20, for the same reasons", () => {
  assert.deepEqual(measured[standIn], measured["real zot v2.1.20"]);
});

test("an administrator fails only the deletion of a blob that another repository has", () => {
  assert.deepEqual(result(standIn, "workflows", "admin").reasons, {});
  const { reasons } = result(standIn, "apis", "admin");
  assert.deepEqual(Object.keys(reasons), ["HEAD finds the deleted blob in another repository"]);
});

test("CI is denied only deletions and writes to existing tags", () => {
  assert.deepEqual(Object.keys(result(standIn, "apis", "zot-ci").reasons), [
    "403 for DELETE of a blob",
    "403 for DELETE of a manifest by digest",
    "403 for DELETE of a tag",
    "403 for DELETE of an upload",
    "403 for PUT of an existing tag",
    "reads a tag after a denied overwrite",
  ]);
  assert.deepEqual(Object.keys(result(standIn, "workflows", "zot-ci").reasons), [
    "403",
    "depends on an earlier denied request",
  ]);
  for (const { id } of suites) assert.ok(totalOf(result(standIn, id, "zot-ci")).passed > 50);
});

const exchange = (method: string, path: string, status: number): string =>
  `~~~ REQUEST ~~~&#xA;Method: ${method}&#xA;URL: http://127.0.0.1:1/v2/r/${path}&#xA;Headers:&#xA;` +
  `~~~ RESPONSE ~~~&#xA;Status: ${status}&#xA;`;
const testcase = (name: string, status: string, output = ""): string =>
  `<testcase name="${name}" status="${status}"><system-err>${output}</system-err></testcase>`;

test("a failure is attributed to the policy only if the registry denied a request", () => {
  const [apis] = suites;
  assert.ok(apis !== undefined);
  const xml = [
    testcase("t/ping", "passed"),
    testcase("t/a/blob-delete", "failure", exchange("DELETE", "blobs/sha256:00", 403)),
    testcase("t/b/push/manifest-by-tag", "failure", exchange("PUT", "manifests/v1", 403)),
    testcase("t/b/pull/manifest-by-tag", "failure", exchange("GET", "manifests/v1", 200)),
    testcase("t/c/pull/manifest-by-tag", "failure", exchange("GET", "manifests/v2", 200)),
    testcase("t/d/range 0-1", "skipped"),
  ].join("\n");
  const { categories, reasons } = resultOf(apis, parseJunit(xml));
  assert.deepEqual(reasons, {
    "403 for DELETE of a blob": 1,
    "403 for PUT of an existing tag": 1,
    [unexplained]: 1,
    "reads a tag after a denied overwrite": 1,
  });
  assert.deepEqual(categories.Pull, { passed: 1, failed: 2, skipped: 1 });
  assert.deepEqual(categories.Push, { passed: 0, failed: 1, skipped: 0 });
  assert.deepEqual(categories["Content Management"], { passed: 0, failed: 1, skipped: 0 });
});

test("an unknown status in a report is an error", () => {
  assert.throws(() => parseJunit(testcase("t/ping", "flaky")), /status "flaky"/);
});
