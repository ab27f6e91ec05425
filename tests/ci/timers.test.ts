import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";

// The timers, as systemd and a parser of property lists read them. Whether the commands do what docs/guides/timers.md says is tested by tests/engine/commands.

const ROOT = resolve(import.meta.dirname, "../..");
const TIMERS = join(ROOT, "ci/timers");
const has = (command: string): boolean => spawnSync(command, ["--version"]).status === 0;

function temporary(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "zot-auth-timers-"));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

test("systemd accepts the units", { skip: has("systemd-analyze") ? false : "no systemd-analyze here" }, (t) => {
  const folder = temporary(t);
  mkdirSync(join(folder, "zot-auth"));
  const units = readdirSync(TIMERS).filter((name) => /\.(?:service|timer)$/.test(name));
  assert.equal(units.length, 4);
  cpSync(TIMERS, folder, { recursive: true });
  const { status, stdout, stderr } = spawnSync(
    "systemd-analyze",
    ["verify", "--user", "--man=no", ...units.map((name) => join(folder, name.replace("@", "@prod")))],
    {
      cwd: folder,
      encoding: "utf8",
      env: { ...process.env, HOME: folder, XDG_RUNTIME_DIR: folder, SYSTEMD_UNIT_PATH: `${folder}:` },
    },
  );
  assert.equal(status, 0, stdout + stderr);
  assert.doesNotMatch(stderr, /zot-auth/);
  // It does find mistakes.
  writeFileSync(join(folder, "wrong.timer"), "[Timer]\nOnCalendar=sometimes\n");
  const wrong = spawnSync("systemd-analyze", ["verify", "--user", "--man=no", join(folder, "wrong.timer")], {
    encoding: "utf8",
    env: { ...process.env, HOME: folder, XDG_RUNTIME_DIR: folder },
  });
  assert.match(wrong.stderr, /wrong\.timer/);
});

test(
  "the agents are property lists with a command and a schedule",
  { skip: has("python3") ? false : "no python3 here" },
  () => {
    for (const name of ["zot-auth.up", "zot-auth.check"]) {
      const { stdout, stderr, status } = spawnSync(
        "python3",
        ["-c", "import plistlib, json, sys; print(json.dumps(plistlib.loads(sys.stdin.buffer.read())))"],
        { input: readFileSync(join(TIMERS, `${name}.plist`)), encoding: "utf8" },
      );
      assert.equal(status, 0, stderr);
      const agent = JSON.parse(stdout) as { Label: string; ProgramArguments: string[]; StartCalendarInterval: object };
      assert.equal(agent.Label, name);
      assert.equal(spawnSync("sh", ["-n", "-c", agent.ProgramArguments.at(-1) ?? ""]).status, 0);
      assert.ok(Object.keys(agent.StartCalendarInterval).length > 0);
    }
  },
);

test("the page's environment file means the same to a shell as to systemd", (t) => {
  const folder = temporary(t);
  const page = readFileSync(join(ROOT, "docs/guides/timers.md"), "utf8");
  const lines = [...page.matchAll(/^ {4}(([A-Z_]+)='([^']*)')$/gm)];
  assert.deepEqual(
    lines.map(([, , name]) => name),
    ["PATH", "PULUMI_CONFIG_PASSPHRASE_FILE", "OP_SERVICE_ACCOUNT_TOKEN", "ARGOCD_AUTH_TOKEN", "ZOT_AUTH_NOTIFY"],
  );
  const odd = `a b#c"d\\e;$HOME*`;
  const file = join(folder, "prod.env");
  writeFileSync(file, [...lines.map(([, line]) => line ?? ""), `ODD='${odd}'`, ""].join("\n"));
  // As the agents read it.
  const script = `set -a && . "${file}" && exec ${process.execPath} -p 'JSON.stringify(process.env)'`;
  const { stdout, stderr } = spawnSync("/bin/sh", ["-c", script], { encoding: "utf8", env: { HOME: folder } });
  assert.equal(stderr, "");
  const read = JSON.parse(stdout) as Record<string, string>;
  for (const [, , name = "", value] of lines) assert.equal(read[name], value);
  assert.equal(read["ODD"], odd);
});

test("units, agents and the page run the same commands", () => {
  const page = readFileSync(join(ROOT, "docs/guides/timers.md"), "utf8");
  const commands = (stack: string) => [
    `npm run recover -- ${stack} --yes --skip-preview --non-interactive`,
    `npm run check -- ${stack} --non-interactive`,
  ];
  for (const command of commands("<stack>")) assert.ok(page.includes(`\`${command}\``), command);
  for (const [files, stack] of [
    [["zot-auth@.service", "zot-auth-check@.service"], "%i"],
    [["zot-auth.up.plist", "zot-auth.check.plist"], "prod"],
  ] as const)
    for (const [index, file] of files.entries())
      assert.ok(readFileSync(join(TIMERS, file), "utf8").includes(commands(stack)[index] ?? "?"), file);
});
