import assert from "node:assert/strict";
import test from "node:test";
import { buildReport } from "../../report/build.ts";
import { renderMarkdown } from "../../report/markdown.ts";
import { renderPage } from "../../report/page/page.ts";

function variable(user: string, target: string, name = "ZOT_CI_JOB_TOKEN") {
  const type = "zot-auth:forgejo:JobTokenVariable";
  const login = { user, registry: "https://r.example", prefix: user.slice(4), audience: `https://r.example/${user}` };
  return {
    urn: `urn:pulumi:prod::zot-auth::${type}::${user}-${target}`,
    type,
    outputs: { target, name, login },
  };
}

function reportOf(resources: readonly object[]) {
  return buildReport({
    stack: "prod",
    command: "report",
    ended: new Date("2026-11-29T12:00:00Z"),
    succeeded: true,
    says: [],
    state: { deployment: { resources } },
    events: undefined,
    standIns: [],
  });
}

test("the report names who pushes without a key, and where", async () => {
  const report = reportOf([
    variable("zot-site", "own/site"),
    variable("zot-app", "own/app", "APP_TOKEN"),
    variable("zot-site", "own/<b>"),
  ]);
  assert.deepEqual(report.jobs, [
    {
      account: "zot-site",
      prefix: "site",
      audience: "https://r.example/zot-site",
      variable: "ZOT_CI_JOB_TOKEN_INFO",
      repositories: ["own/site", "own/<b>"],
    },
    {
      account: "zot-app",
      prefix: "app",
      audience: "https://r.example/zot-app",
      variable: "APP_TOKEN_INFO",
      repositories: ["own/app"],
    },
  ]);
  const page = await renderPage(report);
  assert.match(page, /The jobs of zot-site<\/h2>/);
  assert.match(page, /own\/site, own\/&#x3C;b>/);
  assert.match(renderMarkdown(report), /Jobs of own\/app push below app as zot-app, with tokens of their own\./);
});

test("repositories that are one row, because they are many, are named too", () => {
  const { type, urn, outputs } = variable("zot-site", "own/one");
  const { target, ...shared } = outputs;
  const many = {
    urn: `${urn}-recipients`,
    type: `${type}s`,
    outputs: { ...shared, written: { [target]: { targetId: 1 }, "own/two": { targetId: 2 } } },
  };
  const [first, ...others] = reportOf([many]).jobs ?? [];
  assert.equal(first?.account, "zot-site");
  assert.deepEqual(first.repositories, ["own/one", "own/two"]);
  assert.deepEqual(others, []);
});

test("without such an account, the report does not speak of jobs", async () => {
  const report = reportOf([]);
  assert.equal("jobs" in report, false);
  assert.doesNotMatch(await renderPage(report), /jobs/);
});
