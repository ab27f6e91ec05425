import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { parse } from "yaml";
import { webhookIn } from "../../../commands/notify/options.ts";
import { interpolate } from "../../../lab/forgejo/runner/expressions.ts";

// Every workflow by actionlint, and by the schema of act, both from their Go modules, which Go builds once (about 10 s). Forgejo's runner descends from act, and has a
// schema of its own in the module code.forgejo.org/forgejo/runner/v12. Go's module proxy does not serve that (403), and Forgejo's server is not reached from everywhere, so
// it is no dependency. With a checkout of the runner in ZOT_AUTH_FORGEJO_RUNNER, that schema is tried, too: at commit 0988a0cb of December 2025 it accepted all that do not
// say enable-openid-connect.
//
// That keyword is Forgejo's alone (runner 12.5.2 and later). actionlint reports it, and that report alone is ignored; act's schema gets the workflows without its line.

const ROOT = resolve(import.meta.dirname, "../../..");
const WORKFLOWS = join(ROOT, "ci/forgejo");
const CHECKS = join(import.meta.dirname, "workflowChecks");
const LABELS = ["dagger", "docker", "nix", "zot-auth"];

const skip = spawnSync("go", ["version"]).status === 0 ? false : "no Go, which builds actionlint and the schema";
const files = readdirSync(WORKFLOWS).map((name) => join(WORKFLOWS, name));

interface Checked {
  readonly ok: boolean;
  readonly output: string;
}

function go(args: readonly string[], cwd = CHECKS): Checked {
  const { status, stdout, stderr, error } = spawnSync("go", args, {
    cwd,
    encoding: "utf8",
    env: { ...process.env, GOFLAGS: "-mod=readonly", GOWORK: "off", CGO_ENABLED: "0" },
  });
  if (error !== undefined) throw error;
  return { ok: status === 0, output: stdout + stderr };
}

const actionlint = (...paths: readonly string[]): Checked =>
  go([
    "tool",
    "actionlint",
    "-shellcheck=",
    "-pyflakes=",
    `-ignore=label "(${LABELS.join("|")})" is unknown`,
    '-ignore=unexpected key "enable-openid-connect" for "job" section',
    ...paths,
  ]);
const schema = (...paths: readonly string[]): Checked => go(["run", ".", ...paths]);

const KEYWORD = /^ {4}enable-openid-connect: true\n/m;

/** The workflows in a folder of their own, without the keyword that only Forgejo knows. */
function withoutKeyword(t: TestContext): string[] {
  const folder = mkdtempSync(join(tmpdir(), "zot-auth-workflows-"));
  t.after(() => rmSync(folder, { recursive: true }));
  return files.map((file) => {
    const copy = join(folder, file.slice(WORKFLOWS.length + 1));
    writeFileSync(copy, readFileSync(file, "utf8").replace(KEYWORD, ""));
    return copy;
  });
}

/** The preview's workflow with a mistake. */
function wrong(t: TestContext, right: string, mistake: string): string {
  const folder = mkdtempSync(join(tmpdir(), "zot-auth-workflow-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const text = readFileSync(join(WORKFLOWS, "stack-preview.yaml"), "utf8");
  assert.ok(text.includes(right));
  writeFileSync(join(folder, "wrong.yaml"), text.replace(right, mistake));
  return join(folder, "wrong.yaml");
}

test("actionlint accepts every workflow, and finds an expression of nothing", { skip }, (t) => {
  const { ok, output } = actionlint(...files);
  assert.ok(ok, output);
  const found = actionlint(wrong(t, "github.event.pull_request.number", "github.evnt.number"));
  assert.ok(!found.ok);
  assert.match(found.output, /property "evnt" is not defined/);
});

test("the schema of act accepts every workflow, and finds a key that it does not know", { skip }, (t) => {
  const { ok, output } = schema(...withoutKeyword(t));
  assert.ok(ok, output);
  const found = schema(wrong(t, "timeout-minutes", "timeout-hours"));
  assert.ok(!found.ok);
  assert.match(found.output, /timeout-hours/);
});

const RUNNER = process.env["ZOT_AUTH_FORGEJO_RUNNER"] ?? "";
const noRunner =
  skip === false && RUNNER === "" ? "ZOT_AUTH_FORGEJO_RUNNER names no checkout of Forgejo's runner" : skip;

test(
  "the schema of Forgejo's runner accepts every workflow, and finds a key that it does not know",
  { skip: noRunner },
  (t) => {
    const folder = mkdtempSync(join(tmpdir(), "zot-auth-workflow-"));
    t.after(() => rmSync(folder, { recursive: true }));
    // In place of act's, and in the runner's module without a change of its checkout.
    const program = readFileSync(join(CHECKS, "main.go"), "utf8")
      .replace("github.com/nektos/act/pkg/schema", "code.forgejo.org/forgejo/runner/v12/act/schema")
      .replace("gopkg.in/yaml.v3", "go.yaml.in/yaml/v3");
    writeFileSync(join(folder, "main.go"), program);
    const overlay = { Replace: { [join(RUNNER, "zot-auth-check/main.go")]: join(folder, "main.go") } };
    writeFileSync(join(folder, "overlay.json"), JSON.stringify(overlay));
    const runnersSchema = (...paths: readonly string[]): Checked =>
      go(["run", "-overlay", join(folder, "overlay.json"), "./zot-auth-check", ...paths], RUNNER);
    const { ok, output } = runnersSchema(...files);
    assert.ok(ok, output);
    const found = runnersSchema(wrong(t, "timeout-minutes", "timeout-hours"));
    assert.ok(!found.ok);
    assert.match(found.output, /timeout-hours/);
  },
);

interface Workflow {
  readonly on: Readonly<Record<string, unknown>>;
  readonly jobs: Readonly<Record<string, { readonly if?: string; readonly steps: readonly Step[] }>>;
}
interface Step {
  readonly name?: string;
  readonly uses?: string;
  readonly with?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly run?: string;
}

for (const file of files) {
  const { on, jobs } = parse(readFileSync(file, "utf8")) as Workflow;
  const steps = Object.values(jobs).flatMap((job) => job.steps);
  const name = file.slice(WORKFLOWS.length + 1);

  test(`${name} gives secrets to the steps that need them, and to no fork's code`, () => {
    assert.ok(!("pull_request_target" in on));
    for (const step of steps) {
      if (step.uses !== undefined) assert.equal(step.with?.["persist-credentials"], false);
      // An expression in a script would be a part of it.
      assert.doesNotMatch(step.run ?? "", /\$\{\{/);
      const secrets = Object.values(step.env ?? {}).some((value) => value.includes("secrets."));
      if (secrets) assert.doesNotMatch(step.run ?? "", /npm (?:ci|install)|main\.js setup/);
    }
    if ("pull_request" in on)
      for (const job of Object.values(jobs))
        assert.equal(job.if, "github.event.pull_request.head.repo.full_name == github.repository");
  });
}

test("a workflow has the keyword for tokens exactly if it is for them, and its job alone", () => {
  const having = files.filter((file) => /^ *enable-openid-connect:/m.test(readFileSync(file, "utf8")));
  assert.deepEqual(
    having.map((file) => file.slice(WORKFLOWS.length + 1)),
    ["job-token.yaml", "zot-auth-proof.yaml"],
  );
  for (const file of having) {
    const { jobs } = parse(readFileSync(file, "utf8")) as { readonly jobs: Readonly<Record<string, object>> };
    for (const job of Object.values(jobs)) assert.partialDeepStrictEqual(job, { "enable-openid-connect": true });
    assert.match(readFileSync(file, "utf8"), KEYWORD);
  }
});

test("update and check notify the webhook of the secret, and nobody without one", () => {
  for (const file of ["stack-up.yaml", "stack-check.yaml"]) {
    const { jobs } = parse(readFileSync(join(WORKFLOWS, file), "utf8")) as Workflow;
    const runs = Object.values(jobs)
      .flatMap((job) => job.steps)
      .filter(({ run = "" }) => run.includes("npm run"));
    assert.ok(runs.length > 0);
    for (const { env = {} } of runs) {
      const given = (secrets: Readonly<Record<string, string>>): unknown =>
        webhookIn(
          [],
          Object.fromEntries(
            Object.entries(env).map(([name, value]) => [
              name,
              interpolate(value, { status: "success", contexts: { secrets, vars: {} } }),
            ]),
          ),
        );
      assert.deepEqual(given({}), { webhook: undefined, rest: [] });
      assert.partialDeepStrictEqual(given({ ZOT_AUTH_WEBHOOK: "https://hook.example.net" }), {
        webhook: { address: "env:ZOT_AUTH_WEBHOOK", format: "slack" },
      });
      assert.equal(env["ZOT_AUTH_WEBHOOK"], "${{ secrets.ZOT_AUTH_WEBHOOK }}");
    }
  }
});

test("every workflow pins the same commit of actions/checkout, and the page says how to renew it", () => {
  const seed = join(ROOT, "lab/homelab/seed/apps/.forgejo/workflows");
  const all = [...files, ...readdirSync(seed).map((name) => join(seed, name))];
  const pins = all
    .filter((file) => readFileSync(file, "utf8").includes("uses:"))
    .map((file) => {
      const [, version, action] =
        /^ *# .*\b(v\d+\.\d+\.\d+)\b.*\n *- uses: (.*)$/m.exec(readFileSync(file, "utf8")) ?? [];
      return `${action} ${version}`;
    });
  const [pin = "", ...others] = new Set(pins);
  assert.deepEqual(others, []);
  assert.match(pin, /^actions\/checkout@[\da-f]{40} v/);
  const [commit = "", version = ""] = pin.replace(/^.*@/, "").split(" ");
  const page = readFileSync(join(ROOT, "docs/guides/ci.md"), "utf8");
  assert.ok(page.includes(`s/${commit}/`) && page.includes(`s/${version.replaceAll(".", "\\.")}/`), pin);
  for (const file of all)
    for (const [, used] of readFileSync(file, "utf8").matchAll(/\buses: *(.*)$/gm))
      assert.equal(used, `actions/checkout@${commit}`, file);
});

test("the workflows and the page run the commands that the timers run", () => {
  const page = readFileSync(join(ROOT, "docs/guides/workflows.md"), "utf8");
  for (const [name, ...commands] of [
    ["stack-preview.yaml", "npm run --silent preview -- <stack> --refresh --non-interactive"],
    [
      "stack-up.yaml",
      "npm run recover -- <stack> --yes --skip-preview --non-interactive",
      "npm run check -- <stack> --non-interactive",
    ],
    ["stack-check.yaml", "npm run check -- <stack> --non-interactive"],
  ] as const) {
    const text = readFileSync(join(WORKFLOWS, name), "utf8");
    for (const command of commands) {
      assert.ok(text.includes(command.replace("<stack>", '"$STACK"')), `${name}: ${command}`);
      assert.ok(page.includes(`\`${command}\``), command);
    }
  }
});
