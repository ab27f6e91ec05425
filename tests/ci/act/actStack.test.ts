import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, test } from "node:test";
import { ActRepository, without } from "./acting.ts";
import type { ActOptions } from "./acting.ts";

// The workflows that run zot-auth itself, run by act: on which events, with which commands and which environment. npm and the set-up are played; engine/commands runs the
// commands, and docs/guides/workflows.md says when act ran both together.

const ROOT = resolve(import.meta.dirname, "../../..");
const skip = without("act", "node");

/** Prints its arguments, and the environment that the workflow gives it. */
const NPM = [
  "#!/bin/sh",
  'echo "npm $*"',
  ...["PULUMI_BACKEND_URL", "ZOT_AUTH_NOTIFY", "ZOT_AUTH_NOTIFY_FORMAT", "PULL_REQUEST"].map(
    (name) => `echo "${name}=$${name}"`,
  ),
  '[ -z "$PULUMI_CONFIG_PASSPHRASE" ] || echo "with the passphrase"',
  "",
].join("\n");

let folder = "";
let repository: ActRepository;
before(() => {
  if (skip !== false) return;
  folder = mkdtempSync(join(tmpdir(), "ci-act-stack-"));
  const copied = (from: string): string => readFileSync(join(ROOT, from), "utf8");
  repository = new ActRepository(
    folder,
    {
      ".forgejo/workflows/stack-preview.yaml": copied("ci/forgejo/stack-preview.yaml"),
      ".forgejo/workflows/stack-up.yaml": copied("ci/forgejo/stack-up.yaml"),
      ".forgejo/workflows/stack-check.yaml": copied("ci/forgejo/stack-check.yaml"),
      "ci/with-ssh-key.sh": copied("ci/with-ssh-key.sh"),
      "toolchain/main.js": `console.log("set up", process.argv.slice(2).join(" "), process.env.PULUMI_CONFIG_PASSPHRASE ?? "without the passphrase");\n`,
    },
    {
      npm: NPM,
    },
  );
});
after(() => {
  if (skip === false) rmSync(folder, { recursive: true });
});

const STORED = {
  secrets: { PULUMI_CONFIG_PASSPHRASE: "correct horse", GITHUB_TOKEN: "the-token-of-the-job" },
  variables: { PULUMI_BACKEND_URL: "file:///srv/state?metadata=skip" },
};

const pullRequest = (from: string): ActOptions => ({
  ...STORED,
  event: "pull_request",
  payload: { pull_request: { number: 7, head: { repo: { full_name: from } }, base: { ref: "main" } } },
});

test("a pull request is previewed, and the Markdown goes into the log and to the comment", { skip }, async () => {
  const { succeeded, log } = await repository.run("stack-preview.yaml", pullRequest("own/app"));
  assert.ok(succeeded, log);
  assert.match(log, /^set up setup without the passphrase$/m);
  // What the preview prints is the file that the next step shows.
  assert.match(log, /^npm run --silent preview -- prod --refresh --non-interactive$/m);
  assert.match(log, /^PULUMI_BACKEND_URL=file:\/\/\/srv\/state\?metadata=skip$/m);
  assert.match(log, /^with the passphrase$/m);
  assert.match(log, /^npm run --silent comment -- preview\.md\n[^]*^PULL_REQUEST=7$/m);
});

test("a pull request of a fork is not", { skip }, async () => {
  const { log } = await repository.run("stack-preview.yaml", pullRequest("other/app"));
  assert.doesNotMatch(log, /npm|set up/);
});

test("a push to main updates and checks, and notifies a webhook if there is one", { skip }, async () => {
  const { succeeded, log } = await repository.run("stack-up.yaml", { ...STORED, event: "push" });
  assert.ok(succeeded, log);
  assert.match(
    log,
    /^npm run recover -- prod --yes --skip-preview --non-interactive\n[^]*^npm run check -- prod --non-interactive\n/m,
  );
  assert.match(log, /^ZOT_AUTH_NOTIFY=$/m);
  const secrets = { ...STORED.secrets, ZOT_AUTH_WEBHOOK: "https://hook.example.test/secret" };
  const variables = { ...STORED.variables, ZOT_AUTH_NOTIFY_FORMAT: "ntfy" };
  const told = await repository.run("stack-check.yaml", { event: "workflow_dispatch", secrets, variables });
  assert.ok(told.succeeded, told.log);
  assert.match(told.log, /^ZOT_AUTH_NOTIFY=env:ZOT_AUTH_WEBHOOK\nZOT_AUTH_NOTIFY_FORMAT=ntfy$/m);
});

test("started by hand on another branch, neither runs", { skip }, async () => {
  repository.git("switch", "--quiet", "--create", "other");
  for (const workflow of ["stack-up.yaml", "stack-check.yaml"]) {
    const { log } = await repository.run(workflow, { ...STORED, event: "workflow_dispatch" });
    assert.doesNotMatch(log, /npm|set up/, workflow);
  }
});
