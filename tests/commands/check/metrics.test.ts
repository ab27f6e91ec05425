import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { parse, stringify } from "yaml";
import { metricsOf, writeTextfile } from "../../../commands/check/metrics.ts";
import type { CheckFound } from "../../../commands/check/metrics.ts";
import { STATE_OF_TWO } from "../../report/lab.ts";
import { buildDashboard } from "../../../docs/generate/dashboard.ts";

const RULES = new URL("../../../ci/prometheus/zot-auth.rules.yaml", import.meta.url);
const PAGE = new URL("../../../docs/reference/metrics.md", import.meta.url);
const DASHBOARD = new URL("../../../ci/grafana/zot-auth.json", import.meta.url);
const skip = spawnSync("promtool", ["--version"]).status === 0 ? false : "no promtool here";

const FOUND: CheckFound = {
  stack: 'prod "east"',
  ended: new Date("2026-11-29T12:00:00.500Z"),
  success: true,
  unfinished: 0,
  outputs: {
    ciUser: "zot-ci",
    keyCreated: "2026-11-01T00:00:00Z",
    keyRotates: "2026-12-31T00:00:00Z",
    keyExpires: "2027-01-30T00:00:00Z",
    // Of the update before the one that failed.
    acceptanceResult: { access: "15 of 15 checks passed", checked: "2026-10-01T00:01:00Z" },
  },
  events: {
    steps: new Map([
      ["a", { state: "unchanged" }],
      ["b", { state: "differs" }],
    ]),
    findings: [],
    seconds: 1,
    failed: false,
    planned: true,
  },
  state: {
    deployment: {
      resources: [
        { type: "zot-auth:zot:OtherKeys", outputs: { unmanaged: [{}, {}] } },
        {
          type: "zot-auth:acceptance:AccessProof",
          outputs: {
            checked: "2026-11-01T00:01:00Z",
            measured: [
              ...Array.from({ length: 14 }, () => ({ expected: 200, measured: 200 })),
              { expected: 403, measured: 202 },
            ],
          },
        },
      ],
    },
  },
};

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "zot-auth-metrics-"));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

const samples = (text: string): readonly string[] =>
  text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));

const expressionOf = (target: object): string => String((target as { readonly expr?: unknown }).expr);

test("a check's metrics: dates in seconds, counts, and the stack as a label", async () => {
  const stack = String.raw`stack="prod \"east\""`;
  assert.deepEqual(samples(await metricsOf(FOUND)), [
    `zot_auth_check_success{${stack}} 1`,
    `zot_auth_check_timestamp_seconds{${stack}} 1795953600.5`,
    `zot_auth_unfinished_operations{${stack}} 0`,
    `zot_auth_differing_resources{${stack}} 1`,
    `zot_auth_key_created_timestamp_seconds{${stack},account="zot-ci"} 1793491200`,
    `zot_auth_key_rotation_timestamp_seconds{${stack},account="zot-ci"} 1798675200`,
    `zot_auth_key_expiry_timestamp_seconds{${stack},account="zot-ci"} 1801267200`,
    `zot_auth_unmanaged_keys{${stack},account="zot-ci"} 2`,
    `zot_auth_access_checks{${stack},result="passed"} 14`,
    `zot_auth_access_checks{${stack},result="failed"} 1`,
    `zot_auth_access_checks_timestamp_seconds{${stack}} 1793491260`,
  ]);
});

test("two accounts: each key by its account, the checks of both together", async () => {
  const text = await metricsOf({ ...FOUND, stack: "prod", state: STATE_OF_TWO });
  const [ci, site] = ['stack="prod",account="zot-ci"', 'stack="prod",account="a-site"'];
  assert.deepEqual(samples(text).slice(4), [
    `zot_auth_key_created_timestamp_seconds{${ci}} 1793491200`,
    `zot_auth_key_created_timestamp_seconds{${site}} 1793577600`,
    `zot_auth_key_rotation_timestamp_seconds{${ci}} 1798675200`,
    `zot_auth_key_rotation_timestamp_seconds{${site}} 1798761600`,
    `zot_auth_key_expiry_timestamp_seconds{${ci}} 1801267200`,
    `zot_auth_key_expiry_timestamp_seconds{${site}} 1801353600`,
    `zot_auth_unmanaged_keys{${ci}} 2`,
    `zot_auth_unmanaged_keys{${site}} 1`,
    'zot_auth_access_checks{stack="prod",result="passed"} 3',
    'zot_auth_access_checks{stack="prod",result="failed"} 1',
    'zot_auth_access_checks_timestamp_seconds{stack="prod"} 1795824000',
  ]);
});

test("the resources of a preview that failed are not counted", async () => {
  const { events } = FOUND;
  assert.ok(events !== undefined);
  for (const incomplete of [{ failed: true }, { seconds: undefined }])
    assert.doesNotMatch(await metricsOf({ ...FOUND, events: { ...events, ...incomplete } }), /differing_resources/);
});

test("what is unknown is left out", async () => {
  const nothing = { ...FOUND, success: false, outputs: undefined, state: undefined, events: undefined, unfinished: 0 };
  assert.deepEqual(
    samples(await metricsOf(nothing)).map((line) => line.replace(/\{.*/, "")),
    ["zot_auth_check_success", "zot_auth_check_timestamp_seconds", "zot_auth_unfinished_operations"],
  );
});

test("the file is replaced at once, and everybody can read it", (t) => {
  const folder = folderOf(t);
  const file = join(folder, "zot-auth.prom");
  for (const text of ["first\n", "second\n"]) {
    writeTextfile(file, text);
    assert.equal(readFileSync(file, "utf8"), text);
  }
  assert.equal(statSync(file).mode & 0o777, 0o644);
  assert.deepEqual(readdirSync(folder), ["zot-auth.prom"]);
});

test("the page names every metric, and the alerts use no other", async () => {
  const names = new Set(samples(await metricsOf(FOUND)).map((line) => line.replace(/\{.*/, "")));
  const page = new Set([...readFileSync(PAGE, "utf8").matchAll(/^\| `(zot_auth_\w+)`/gm)].map(([, name = ""]) => name));
  assert.deepEqual(page, names);
  for (const [name] of readFileSync(RULES, "utf8").matchAll(/zot_auth_\w+/g)) assert.ok(names.has(name), name);
});

test("the dashboard is the one that the source makes, and its queries use no other metric", async () => {
  const { panels = [] } = buildDashboard();
  const written = JSON.parse(readFileSync(DASHBOARD, "utf8")) as unknown;
  assert.deepEqual(written, JSON.parse(JSON.stringify(buildDashboard())), "`npm run docs` writes it");
  const names = new Set(samples(await metricsOf(FOUND)).map((line) => line.replace(/\{.*/, "")));
  const queries = panels.flatMap((panel) => ("targets" in panel ? (panel.targets ?? []) : [])).map(expressionOf);
  assert.ok(queries.length > 8);
  for (const query of queries) {
    const used = [...query.matchAll(/zot_auth_\w+/g)].map(([name]) => name);
    assert.ok(used.length > 0, query);
    for (const name of used) assert.ok(names.has(name), name);
  }
});

test("promtool accepts the dashboard's queries", { skip }, (t) => {
  const { panels = [] } = buildDashboard();
  const rules = panels
    .flatMap((panel) => ("targets" in panel ? (panel.targets ?? []) : []))
    .map((target, index) => ({ record: `query:${index}`, expr: expressionOf(target) }));
  const file = join(folderOf(t), "queries.yaml");
  writeFileSync(file, stringify({ groups: [{ name: "dashboard", rules }] }));
  const checked = spawnSync("promtool", ["check", "rules", file], { encoding: "utf8" });
  assert.equal(checked.status, 0, checked.stdout + checked.stderr);
  assert.match(checked.stdout, new RegExp(`SUCCESS: ${rules.length} rules found`));
});

test("promtool accepts the metrics and the alerts, and each alert fires when it should", { skip }, async (t) => {
  const checked = spawnSync("promtool", ["check", "metrics"], { input: await metricsOf(FOUND), encoding: "utf8" });
  assert.equal(checked.status, 0, checked.stdout + checked.stderr);

  const folder = folderOf(t);
  const { groups } = parse(readFileSync(RULES, "utf8")) as { groups: [{ rules: { alert: string }[] }] };
  const [{ rules }] = groups;
  const labels = 'stack="prod",account="zot-ci"';
  // The clock of the test begins at 0.
  const day = 86_400;
  const cases: Readonly<Record<string, readonly [series: string, quiet: number, firing: number]>> = {
    ZotAuthKeyExpiresSoon: [`zot_auth_key_expiry_timestamp_seconds{${labels}}`, 12 * day, 8 * day],
    ZotAuthRotationOverdue: [`zot_auth_key_rotation_timestamp_seconds{${labels}}`, day, 0],
    ZotAuthNotAsDeclared: [`zot_auth_check_success{${labels}}`, 1, 0],
    ZotAuthCheckMissing: [`zot_auth_check_timestamp_seconds{${labels}}`, 2.5 * day, day],
    ZotAuthUnmanagedKey: [`zot_auth_unmanaged_keys{${labels}}`, 0, 1],
    ZotAuthUnfinishedRun: [`zot_auth_unfinished_operations{${labels}}`, 0, 1],
  };
  assert.deepEqual(
    rules.map(({ alert }) => alert),
    Object.keys(cases),
  );
  const groupFor = (firing: boolean) => ({
    interval: "1h",
    input_series: Object.values(cases).map(([series, quiet, loud]) => ({
      series,
      values: `${firing ? loud : quiet}x72`,
    })),
    promql_expr_test: Object.keys(cases).map((alert) => ({
      expr: `count(ALERTS{alertname="${alert}",alertstate="firing"}) or vector(0)`,
      eval_time: "3d",
      exp_samples: [{ labels: "{}", value: firing ? 1 : 0 }],
    })),
  });
  const file = join(folder, "test.yaml");
  const rulesFile = join(folder, "rules.yaml");
  writeFileSync(rulesFile, readFileSync(RULES));
  writeFileSync(
    file,
    stringify({ rule_files: [rulesFile], evaluation_interval: "1h", tests: [groupFor(true), groupFor(false)] }),
  );
  const tested = spawnSync("promtool", ["test", "rules", file], { encoding: "utf8" });
  assert.equal(tested.status, 0, tested.stdout + tested.stderr);
});
