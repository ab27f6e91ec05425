import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { buildReport } from "../../report/build.ts";
import type { Run } from "../../report/build.ts";
import { readEvents } from "../../report/sources/events.ts";
import { reduced } from "../../report/graph.ts";
import { renderJunit } from "../../report/junit.ts";
import { renderMarkdown } from "../../report/markdown.ts";
import { writeReport } from "../../report/write.ts";
import { renderPage } from "../../report/page/page.ts";
import { titleOf } from "../../report/report.ts";
import type { Step } from "../../report/report.ts";
import { REPORT, STATE, STATE_OF_TWO, urn } from "./lab.ts";

const RUN: Run = {
  stack: "prod",
  command: "report",
  ended: new Date("2026-12-10T07:41:46.500Z"),
  succeeded: true,
  says: [],
  state: STATE,
  events: undefined,
  standIns: [],
};

const KEY = urn("ci-key", "zot-auth:zot:ApiKey");
const typeOf = (proof: string): string =>
  `zot-auth:acceptance:${proof.endsWith("-access") ? "AccessProof" : "SignInProof"}`;
const line = (timestamp: number, event: object): string => JSON.stringify({ timestamp, ...event });
const metadata = (op: string, of: string, more: object = {}) => ({ metadata: { op, urn: of, ...more } });

test("the state alone: key, matrix, proofs and graph; what waits for a component waits for what is in it", () => {
  const report = buildReport(RUN);
  assert.deepEqual(report.key, {
    account: "zot-ci",
    label: "zot-auth/prod/3",
    created: "2026-11-01T00:00:00Z",
    rotates: "2026-12-31T00:00:00Z",
    expires: "2027-01-30T00:00:00Z",
    unmanaged: 2,
  });
  assert.deepEqual(report.access, REPORT.access);
  assert.deepEqual(report.proofs, [
    { group: "services", name: "Forgejo", result: "passed", found: "an answer" },
    { group: "services", name: "runners", result: "failed", found: "expected one, got offline: two. Start one." },
    { group: "sign-in", name: "groups claim", result: "passed", found: '"groups" arrives with "a | b"' },
    {
      group: "build",
      step: "acceptance-build",
      name: "build.yaml in homelab/apps",
      result: "failed",
      found: "failure",
    },
  ]);
  assert.deepEqual(report.versions, { zot: "2.1.20", Forgejo: "15.0.1" });
  assert.equal(report.ended, "2026-12-10T07:41:46Z");
  const names = report.steps.map(({ name }) => name);
  assert.ok(!names.includes("ci") && !names.includes("zot-auth") && !names.includes("old-key"), names.join());
  const before = (name: string) =>
    report.steps.find((step) => step.name === name)?.dependsOn.map((of) => of.split("::").at(-1));
  assert.deepEqual(before("ci-account"), ["preflight"], "its component waits");
  assert.deepEqual(before("acceptance-access"), ["ci-account", "ci-key"]);
  assert.deepEqual(
    reduced(report.steps).filter(([, to]) => to === KEY),
    [[urn("ci-account", "zot-auth:authentik:ServiceAccount"), KEY]],
    "no arrow that another path implies",
  );
  assert.ok(report.steps.every(({ state }) => state === "recorded"));
});

test("before the first `up` there is a report, too", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "zot-auth-report-"));
  t.after(() => rmSync(folder, { recursive: true }));
  await writeReport(buildReport({ ...RUN, state: { deployment: {} } }), folder);
  assert.deepEqual(readdirSync(folder).sort(), ["report.html", "report.json", "report.md", "report.xml"]);
  assert.match(readFileSync(join(folder, "report.html"), "utf8"), /^<!doctype html>/);
});

test("an update that fails: what it did, how long each step took, what it did not come to", () => {
  const failed = urn("new", "command:local:Command");
  const events = readEvents(
    [
      line(100, { resourcePreEvent: metadata("update", KEY) }),
      line(103, { resOutputsEvent: metadata("update", KEY) }),
      line(103, { resourcePreEvent: metadata("create", failed) }),
      line(105, { resOpFailedEvent: metadata("create", failed) }),
      line(105, { diagnosticEvent: { severity: "error", urn: failed, message: "<{%fg 1%}>no zot\n<{%reset%}>" } }),
      line(105, { diagnosticEvent: { severity: "warning", message: "running", ephemeral: true } }),
      line(105, { diagnosticEvent: { severity: "debug", message: "Registering" } }),
      line(106, { summaryEvent: { durationSeconds: 6 } }),
    ].join("\n"),
  );
  const report = buildReport({ ...RUN, command: "up", succeeded: false, events });
  assert.equal(report.seconds, 6);
  assert.deepEqual(report.findings, [{ severity: "error", step: "new", text: "no zot" }]);
  const states = Object.fromEntries(report.steps.map(({ name, state, seconds }) => [name, [state, seconds]]));
  assert.deepEqual(states["ci-key"], ["updated", 3]);
  assert.deepEqual(states["new"], ["failed", 2], "although the state lacks it");
  assert.deepEqual(states["acceptance-access"], ["not run", undefined]);
});

test("a run that fails in a proof, or before it, does not show the results of an earlier run as its own", () => {
  const proof = urn("acceptance-access", "zot-auth:acceptance:AccessProof");
  const services = urn("acceptance-services", "zot-auth:acceptance:Services");
  const events = readEvents(
    [
      line(1, { resOpFailedEvent: metadata("update", proof) }),
      line(1, { resOpFailedEvent: metadata("update", services) }),
      line(2, { summaryEvent: { durationSeconds: 1 } }),
    ].join("\n"),
  );
  const report = buildReport({ ...RUN, command: "up", succeeded: false, events });
  assert.equal(report.access.outdated, true);
  assert.deepEqual(
    report.proofs.map(({ group, result }) => [group, result]),
    [
      ["services", "failed"],
      ["services", "failed"],
      ["sign-in", "skipped"],
      ["build", "skipped"],
    ],
  );
  assert.match(renderJunit(report), /: access" tests="2" failures="0" skipped="2">/);
  assert.match(renderMarkdown(report), /^This run did not measure the access\./m);
});

test("a matrix that the run measured is shown as its own, although the run failed because of it", () => {
  const proof = urn("acceptance-access", "zot-auth:acceptance:AccessProof");
  const reason = "1 error occurred:\n\t* Access is not as declared:\n- ci, list tags: expected 403, got 200.\n\n";
  const events = readEvents(
    [
      line(1, { resOpFailedEvent: metadata("update", proof) }),
      line(1, { diagnosticEvent: { severity: "error", urn: proof, message: reason } }),
      line(2, { summaryEvent: { durationSeconds: 30 } }),
    ].join("\n"),
  );
  const run = { ...RUN, command: "up" as const, succeeded: false, events };
  const report = buildReport({ ...run, ended: new Date("2026-11-29T07:42:10Z") });
  assert.deepEqual(report.access, REPORT.access);
  assert.equal(report.findings[0]?.text, "Access is not as declared:\n- ci, list tags: expected 403, got 200.");
  assert.match(renderJunit(report), /: access" tests="2" failures="1" skipped="0">/);
  const lookAt = "Look at the policies.";
  const rows = REPORT.access.rows.map((row) => (row.expected === row.measured ? row : { ...row, lookAt }));
  const advised = { ...report, access: { ...report.access, rows } };
  assert.match(renderJunit(advised), /message="expected 403, got 200\. Look at the policies\."/);
  assert.match(renderMarkdown(advised), /\| 403 \| 200 \| ✗ Look at the policies\. \|/);
});

test("after an update that failed late, the key is the one that CI has, not that of the stack's outputs", () => {
  const key = {
    username: "zot-ci",
    label: "zot-auth/prod/4",
    created: "2026-12-09T00:00:00Z",
    rotates: "2027-02-07T00:00:00Z",
    expires: "2027-03-09T00:00:00Z",
  };
  const resources = STATE.deployment.resources.map((one) =>
    "urn" in one && one.urn === KEY ? { ...one, outputs: key } : one,
  );
  const report = buildReport({ ...RUN, state: { deployment: { resources } } });
  assert.deepEqual([report.key?.label, report.key?.expires], [key.label, key.expires]);
});

const SITE_KEY = {
  account: "a-site",
  label: "zot-auth/prod/site/1",
  created: "2026-11-02T00:00:00Z",
  rotates: "2027-01-01T00:00:00Z",
  expires: "2027-01-31T00:00:00Z",
  unmanaged: 1,
};

test("two accounts: each has its key, its rows and its proofs, the stack's first account first", async () => {
  const one = buildReport(RUN);
  const report = buildReport({ ...RUN, state: STATE_OF_TWO });
  assert.deepEqual(report.key, one.key);
  assert.equal(one.furtherKeys, undefined);
  assert.deepEqual(report.furtherKeys, [SITE_KEY]);
  assert.equal(report.access.checked, "2026-11-28T00:00:00Z", "since then, each was measured");
  assert.deepEqual(report.access.rows.map(titleOf), [
    "anonymous: pull",
    "zot-ci: list tags (private/<app>)",
    "wrong key of a-site: pull",
    "a-site: pull",
  ]);
  assert.deepEqual(
    report.proofs.filter(({ group }) => group === "sign-in").map(({ step, name }) => [step, name]),
    [
      ["acceptance-sign-in", "groups claim (zot-ci)"],
      ["acceptance-site-sign-in", "groups claim (a-site)"],
    ],
  );
  const markdown = renderMarkdown(report);
  assert.match(
    markdown,
    /^The key of zot-ci rotates from .*Unmanaged keys: 2\.\n\nThe key of a-site rotates .*: 1\.$/m,
  );
  assert.match(renderJunit(report), /: access" tests="4" failures="1" skipped="0">/);
  const page = await renderPage(report);
  assert.deepEqual(page.match(/<h2 id="key[^<]*/g), [
    '<h2 id="key">The key of zot-ci',
    '<h2 id="key-2">The key of a-site',
  ]);
  assert.match(page, /<strong>3 of 4<\/strong> access checks/);
});

test("a run that fails in one account's proofs does not show that account's former results as its own, and the others as they are", async () => {
  const events = readEvents(
    [
      ...["acceptance-access", "acceptance-sign-in"].map((name) =>
        line(1, { resOutputsEvent: metadata("same", urn(name, typeOf(name))) }),
      ),
      ...["acceptance-site-access", "acceptance-site-sign-in"].map((name) =>
        line(1, { resOpFailedEvent: metadata("update", urn(name, typeOf(name))) }),
      ),
      line(2, { summaryEvent: { durationSeconds: 1 } }),
    ].join("\n"),
  );
  const run: Run = { ...RUN, command: "up", succeeded: false, state: STATE_OF_TWO, events };
  const report = buildReport(run);
  assert.equal(report.access.outdated, undefined);
  assert.deepEqual(
    report.access.rows.map(({ outdated }) => outdated),
    [undefined, undefined, true, true],
  );
  assert.deepEqual(
    report.proofs.filter(({ group }) => group === "sign-in").map(({ result }) => result),
    ["passed", "failed"],
  );
  assert.match(renderJunit(report), /: access" tests="4" failures="1" skipped="2">/);
  assert.match(renderMarkdown(report), /^\| a-site \| pull \| 200 \| 200 \| – this run did not measure it \|$/m);
  const page = await renderPage(report);
  assert.match(page, /did not measure the access of every account/);
  assert.match(page, /<strong>1 of 2<\/strong> access checks/);
  const measured = buildReport({ ...run, ended: new Date("2026-11-28T00:00:05Z") });
  assert.ok(
    measured.access.rows.every(({ outdated }) => outdated === undefined),
    "it was measured, and failed",
  );
});

test("a plan that was declined is no update", () => {
  assert.equal(readEvents(line(1, { summaryEvent: { isPreview: true, durationSeconds: 1 } })).planned, true);
});

test("a log that was cut off in a line: what came before counts, and no end is claimed", () => {
  const whole = line(100, { resOutputsEvent: metadata("same", KEY) });
  const { steps, seconds } = readEvents(
    `${whole}\n${line(101, { summaryEvent: { durationSeconds: 6 } }).slice(0, 30)}`,
  );
  assert.deepEqual([...steps.keys()], [KEY]);
  assert.equal(seconds, undefined);
});

test("a preview with drift: the difference as the refresh found it, or the inputs that differ", () => {
  const other = urn("ci-account", "zot-auth:authentik:ServiceAccount");
  const events = readEvents(
    [
      line(1, {
        resOutputsEvent: {
          ...metadata("refresh", KEY, { new: { outputs: { drift: "zot has no such key" } } }),
          planning: true,
        },
      }),
      line(2, { resOutputsEvent: { ...metadata("update", KEY, { diffs: ["drift"] }), planning: true } }),
      line(2, { resOutputsEvent: { ...metadata("update", other, { diffs: ["group", "hash"] }), planning: true } }),
    ].join("\n"),
  );
  assert.deepEqual(
    [...events.steps.values()].map(({ state, difference }) => [state, difference]),
    [
      ["differs", "zot has no such key"],
      ["differs", "update: group, hash"],
    ],
  );
});

test("Markdown: nothing in a text is interpreted, nobody is mentioned, and a cell stays on its line", () => {
  const markdown = renderMarkdown(REPORT);
  for (const text of ["<script>", "![x]", "@admin", "<b>", "private/<app>"]) assert.ok(!markdown.includes(text), text);
  assert.match(markdown, /^\| binding \| ≠ differs \| drift &#124; of &#60;b&#62; \|$/m);
  assert.match(markdown, /^- \*\*error\*\* in zot-&#60;key&#62;: zot answers 500\. &#60;script&#62;/m);
  assert.ok(!markdown.includes("preflight"), "what did not change is left out");
});

test("JUnit: a case each for run, row, proof and resource, without characters that XML cannot have", () => {
  const xml = renderJunit({ ...REPORT, stack: "a\u0000&b" });
  assert.ok(!xml.includes("\u0000"));
  assert.match(xml, /<testsuite name="a&#x26;b: access" tests="2" failures="1" skipped="0">/);
  assert.match(xml, /<failure message="expected 403, got 200\.">/);
  assert.match(xml, /<testsuite name="a&#x26;b: proofs" tests="3" failures="1" skipped="1">/);
  assert.match(xml, /<testsuite name="a&#x26;b: resources" tests="6" failures="2" skipped="1">/);
});

test("a graph with a cycle, as in a damaged state, ends", () => {
  const step = (at: string, dependsOn: string): Step => ({
    urn: at,
    name: at,
    type: "t",
    component: "",
    dependsOn: [dependsOn],
    state: "recorded",
  });
  assert.equal(reduced([step("a", "b"), step("b", "a")]).length, 2);
});
