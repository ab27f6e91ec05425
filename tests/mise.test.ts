// Every task of mise.toml, with an `npm` that only prints its arguments: by mise where it is installed, and otherwise by the shell that mise would use.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import test, { after } from "node:test";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const TOML = readFileSync(join(ROOT, "mise.toml"), "utf8");
const TASKS = new Map(
  [...TOML.matchAll(/^\[tasks\.(?<name>[a-z-]+)\]\ndescription = ".+"\nrun = '(?<run>.+)'$/gm)].map(({ groups }) => [
    groups?.["name"] ?? "",
    groups?.["run"] ?? "",
  ]),
);

const folder = mkdtempSync(join(tmpdir(), "zot-auth-mise-"));
after(() => rmSync(folder, { recursive: true }));
writeFileSync(join(folder, "npm"), '#!/bin/sh\nprintf "<%s>" "$@"\n', { mode: 0o755 });

const HAS_MISE = spawnSync("mise", ["--version"]).status === 0;

function run(task: string, options: readonly string[], stack?: string): string {
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    PATH: `${folder}${delimiter}${process.env["PATH"] ?? ""}`,
    MISE_TRUSTED_CONFIG_PATHS: ROOT,
    // Otherwise mise may look for its own new release.
    MISE_OFFLINE: "1",
    MISE_DATA_DIR: folder,
    MISE_CACHE_DIR: folder,
    MISE_STATE_DIR: folder,
    ...(stack === undefined ? {} : { ZOT_AUTH_STACK: stack }),
  };
  if (stack === undefined) delete env["ZOT_AUTH_STACK"];
  const [command, args] = HAS_MISE
    ? ["mise", ["run", "--quiet", task, "--", ...options]]
    : ["sh", ["-o", "errexit", "-c", [TASKS.get(task), ...options].join(" ")]];
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: ROOT, encoding: "utf8", env });
  assert.equal(status, 0, stderr);
  return stdout;
}

test("there are the tasks of the manual way, and no other table", () => {
  assert.deepEqual([...TASKS.keys()].sort(), ["check", "lab", "preview", "rotate", "services-check", "up"]);
  assert.equal(TOML.match(/^\[/gm)?.length, TASKS.size);
});

const EXPECTED: Readonly<Record<string, (stack: string) => string>> = {
  lab: () => "<start><--><--x>",
  preview: (stack) => `<run><pulumi><--><preview><--stack><${stack}><--x>`,
  up: (stack) => `<run><pulumi><--><up><--stack><${stack}><--x>`,
  check: (stack) => `<run><check><--><${stack}><--x>`,
  rotate: (stack) => `<run><rotate><--><${stack}><--x>`,
  "services-check": (stack) => `<run><check><--><${stack}><--x>`,
};

test(`each task runs its npm script on the stack, with the options (${HAS_MISE ? "by mise" : "by sh"})`, () => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
    readonly scripts: Readonly<Record<string, string>>;
  };
  for (const [task, expected] of Object.entries(EXPECTED)) {
    assert.equal(run(task, ["--x"]), expected("prod"), task);
    assert.equal(run(task, ["--x"], "my lab"), expected("my lab"), task);
    const [, script = ""] = /^npm (?:run )?([a-z]+)/.exec(TASKS.get(task) ?? "") ?? [];
    assert.ok(scripts[script] !== undefined, `${task}: ${script}`);
  }
});
