import assert from "node:assert/strict";
import test from "node:test";
import { clientDifferences, expectedAccess, failures, lookAt } from "../../../../systems/zot/access/matrix.ts";
import type { Operation, Subject } from "../../../../systems/zot/access/matrix.ts";
import { parseSettings } from "../../../../settings/parse.ts";
import { REAL_CASE, version } from "../../../support/settings.ts";
import { mainAccount } from "../../../../settings/accounts/accounts.ts";
import { zotConfigArgs } from "../../../../settings/zotConfigArgs.ts";

/** The rows as `ci, begin an upload, docker.io/zot-auth-sample: 403`. */
function rows(change: Record<string, unknown> = {}, release = "2.1.20"): readonly string[] {
  const settings = parseSettings({ ...REAL_CASE, ...change });
  const { zot } = settings;
  const { group, prefixes, repository } = mainAccount(settings);
  return expectedAccess({
    rules: zotConfigArgs(settings).rules,
    repository,
    group,
    prefixes,
    version: version(release),
    metricsPath: zot.metrics.enable ? zot.metrics.path : undefined,
  }).map(
    ({ subject, operation, target, expected }) =>
      `${subject}, ${operation}${target === undefined ? "" : `, ${target}`}: ${expected}`,
  );
}

test("the real case: anybody pulls, CI creates, nobody else pushes", () => {
  assert.deepEqual(rows(), [
    "anonymous, ping: 200",
    "anonymous docker, ping: 401",
    "anonymous, pull: 200",
    "anonymous, push a new image: 401",
    "anonymous, overwrite a tag: 401",
    "anonymous, delete a tag: 401",
    "anonymous, read metrics, /metrics: 200",
    "anonymous, begin an OIDC sign-in: 302",
    "wrong key, pull: 401",
    "ci, ping: 200",
    "ci, pull: 200",
    "ci, push a new image: 201",
    "ci, overwrite a tag: 403",
    "ci, delete a tag: 403",
    "ci, overwrite or delete an image, blumeops: 403",
  ]);
});

test("what is not open to everyone is expected to be refused", () => {
  const closed = rows({ access: { anonymousRead: false, anonymousMetrics: false } });
  for (const row of ["anonymous, ping: 401", "anonymous, pull: 401", "anonymous, read metrics, /metrics: 401"]) {
    assert.ok(closed.includes(row), row);
  }
  assert.ok(!rows({ zot: { metrics: { enable: false } } }).some((row) => row.includes("metrics")));
});

test("every namespace adds what is refused there, and the rules of the proofs' own repository count", () => {
  const added = rows({
    access: {
      namespaces: {
        "docker.io/**": { ci: "read" },
        "private/**": { ci: "none", anonymousRead: false, signedInRead: false },
        "zot-auth/**": { anonymousRead: false },
      },
    },
  });
  assert.deepEqual(added.slice(15), [
    "anonymous, begin an upload, zot-auth-sample: 401",
    "anonymous, begin an upload, docker.io/zot-auth-sample: 401",
    "ci, begin an upload, docker.io/zot-auth-sample: 403",
    "anonymous, list tags, private/zot-auth-sample: 401",
    "anonymous, begin an upload, private/zot-auth-sample: 401",
    "ci, list tags, private/zot-auth-sample: 403",
    "ci, begin an upload, private/zot-auth-sample: 403",
    "anonymous, list tags, zot-auth/zot-auth-sample: 401",
  ]);
  assert.ok(added.includes("anonymous, ping: 200"));
  assert.ok(added.includes("anonymous, pull: 401"));
});

test("where CI is confined to its namespaces, it is expected to be refused elsewhere", () => {
  const namespaces = { "blumeops/**": { ci: "push" }, "zot-auth/**": { ci: "push" } };
  const confined = (access: object) => rows({ access: { ...access, namespaces } }).slice(15);
  const noUpload = [
    "anonymous, begin an upload, zot-auth-sample: 401",
    "anonymous, begin an upload, blumeops/zot-auth-sample: 401",
  ];
  const [everywhere = "", inCis = ""] = noUpload;
  assert.deepEqual(confined({ ci: "none" }), [everywhere, "ci, begin an upload, zot-auth-sample: 403", inCis]);
  assert.deepEqual(confined({ ci: "none", signedInRead: false, anonymousRead: false }), [
    everywhere,
    "ci, list tags, zot-auth-sample: 403",
    "ci, begin an upload, zot-auth-sample: 403",
    "anonymous, list tags, blumeops/zot-auth-sample: 401",
    inCis,
    "anonymous, list tags, zot-auth/zot-auth-sample: 401",
  ]);
  assert.deepEqual(confined({ ci: "read", signedInActions: ["create"] }), noUpload);
});

test("docker without credentials is refused from 2.1.16 on, and the report says what that means", () => {
  assert.ok(rows({}, "2.1.15").includes("anonymous docker, ping: 200"));
  assert.ok(rows({}, "2.1.16").includes("anonymous docker, ping: 401"));
  assert.ok(rows({ access: { anonymousRead: false } }, "2.1.15").includes("anonymous docker, ping: 401"));
  const measured = (anonymous: number, docker: number) =>
    clientDifferences([
      { subject: "anonymous", operation: "ping", expected: anonymous, measured: anonymous },
      { subject: "anonymous docker", operation: "ping", expected: docker, measured: docker },
    ]);
  assert.match(measured(200, 401) ?? "", /^Without credentials, curl, .* can pull\. docker cannot/);
  assert.deepEqual([measured(200, 200), measured(401, 401)], [undefined, undefined]);
});

test("a failing row is reported with its position", () => {
  const expected = { subject: "ci", operation: "begin an upload", target: "a/b", expected: 403 } as const;
  assert.deepEqual(failures([{ ...expected, measured: 403 }]), []);
  assert.deepEqual(failures([{ ...expected, measured: 202 }]), [
    "ci, begin an upload (a/b): expected 403, got 202. More is allowed than declared: look for a policy that nobody declared in http.accessControl in zot's config on its host, and whether a proxy signs in for others.",
  ]);
});

test("every row of the matrix says what to look at, by what came instead", () => {
  const settings = parseSettings(REAL_CASE);
  const { group, prefixes, repository } = mainAccount(settings);
  const all = expectedAccess({
    rules: zotConfigArgs(settings).rules,
    repository,
    group,
    prefixes,
    version: version("2.1.20"),
    metricsPath: "/metrics",
  });
  for (const row of all) {
    for (const measured of [200, 201, 202, 302, 400, 401, 403, 404, 429, 500, 502].filter(
      (code) => code !== row.expected,
    )) {
      const said = lookAt({ ...row, measured });
      assert.match(said, /^[A-Zz].*\.$/, JSON.stringify({ ...row, measured }));
    }
  }
  const said = (subject: Subject, operation: Operation, expected: number, measured: number): string =>
    lookAt({ subject, operation, expected, measured });
  assert.match(said("ci", "push a new image", 201, 401), /rejects the key: `npm run check`/);
  assert.match(said("ci", "push a new image", 201, 403), /^Less is allowed than declared/);
  assert.match(said("ci", "delete a tag", 403, 202), /^More is allowed than declared/);
  assert.match(said("ci", "overwrite or delete an image", 403, 400), /^More is allowed than declared/);
  assert.match(said("anonymous", "pull", 200, 502), /zot's log, and that of a proxy/);
  assert.match(said("anonymous", "pull", 200, 404), /retention/);
  assert.match(said("anonymous", "begin an OIDC sign-in", 302, 404), /http\.auth\.openid/);
  assert.match(said("anonymous", "read metrics", 200, 404), /extensions\.metrics/);
  assert.match(said("anonymous", "delete a tag", 401, 403), /^It is refused in another way/);
});
