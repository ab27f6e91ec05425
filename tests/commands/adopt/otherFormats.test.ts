import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { stringify } from "yaml";
import { HandMade, settingsOf } from "./homelab.ts";
import type { Ran } from "./homelab.ts";

// A config that zot reads and this program does not write: the printed command makes one in JSON of it, which is adopted.

const ROOT = resolve(import.meta.dirname, "../../..");

/** In a folder of its own, for those who may read zot's config. */
function fileWith(homelab: HandMade, name: string, text: string): string {
  const file = join(mkdtempSync(join(homelab.folder, "zot", "as-")), name);
  writeFileSync(file, text, { mode: 0o640 });
  return file;
}

async function adopted(homelab: HandMade, configFile: string, host: string): Promise<Ran> {
  rmSync(homelab.settingsFile, { force: true });
  const where = host === "local" ? [] : ["--registry.host", host];
  return homelab.adopt([...homelab.flags("registry.configFile"), ...where, "--registry.configFile", configFile]);
}

/** Runs the command that was printed, as a person does in the project's folder. */
function runPrinted(homelab: HandMade, output: string) {
  const [, command = ""] = /^ {2}(\S.*)$/m.exec(output) ?? [];
  const path = `${join(homelab.folder, "bin")}:${process.env["PATH"] ?? ""}`;
  return spawnSync("sh", ["-c", command], { encoding: "utf8", cwd: ROOT, env: { ...process.env, PATH: path } });
}

const yaml = (json: string): string => `# by hand\n${stringify(JSON.parse(json))}`;
const json = (text: string): string => text;
const CONVERTED = [
  ["config.yaml", yaml, "config.json", "local", /config\.yaml on local is YAML, and this program writes the config as/],
  ["it's zot.yml", yaml, "it's zot.json", "ssh:nas", /zot\.yml on ssh:nas is YAML/],
  ["zot.conf", yaml, "zot.conf.json", "ssh:nas", /zot\.conf on ssh:nas is YAML/],
  ["config", json, "config.json", "local", /config on local does not end in \.json, and this program/],
  ["zot.conf", json, "zot.conf.json", "ssh:nas", /zot\.conf on ssh:nas does not end in \.json/],
] as const;

test("the printed command makes a file in JSON, which is adopted", async (t) => {
  const homelab = await HandMade.start(t);
  const original = readFileSync(homelab.configFile, "utf8");
  homelab.program("npx", `name=$1; shift; exec "${ROOT}/node_modules/.bin/$name" "$@"`);
  for (const [name, written, converted, host, message] of CONVERTED) {
    await t.test(`${name} on ${host}`, async () => {
      const file = fileWith(homelab, name, written(original));
      const target = join(file, "..", converted);
      const refused = await adopted(homelab, file, host);
      assert.deepEqual([refused.code, refused.text], [1, undefined], refused.output);
      assert.match(refused.output, message);
      assert.ok(refused.output.includes(`run this again with --registry.configFile ${target}.`), refused.output);
      const { status, stderr } = runPrinted(homelab, refused.output);
      assert.equal(status, 0, stderr);
      assert.deepEqual(JSON.parse(readFileSync(target, "utf8")), JSON.parse(original));
      assert.equal(statSync(target).mode & 0o777, 0o640, "who may read the one may read the other");
      const ran = await adopted(homelab, target, host);
      assert.equal(ran.code, 0, ran.output);
      assert.equal(settingsOf(homelab)["registry"]?.["configFile"], target);
      writeFileSync(target, "{}");
      assert.notEqual(runPrinted(homelab, refused.output).status, 0, "an existing file is not replaced");
      assert.equal(readFileSync(target, "utf8"), "{}");
    });
  }
});

test("for TOML a Python command is printed, and a file that zot cannot read either must be corrected", async (t) => {
  const homelab = await HandMade.start(t);
  const toml = '[storage]\nrootDirectory = "/var/lib/zot"\n\n[http]\nport = "5000"\n';
  for (const [name, text, expected] of [
    [
      "config.toml",
      toml,
      /config\.toml on local is TOML, .*\n {2}test ! -e .* && python3 -c 'import json, sys, tomllib; .*' < \S+config\.toml'? > /,
    ],
    ["config", toml, /config on local is TOML/],
    [
      "config.yaml",
      "http: {secret: hunter2\n",
      /config\.yaml on local is not a YAML object, so zot does not start with it\. Correct/,
    ],
    ["config.yaml", "- a\n", /config\.yaml on local is not a YAML object/],
    ["config.json", yaml('{"http":{}}'), /config\.json on local is not a JSON object, so zot does not start/],
  ] as const) {
    const refused = await adopted(homelab, fileWith(homelab, name, text), "local");
    assert.equal(refused.code, 1);
    assert.match(refused.output, expected);
    assert.doesNotMatch(refused.output, /hunter2/);
    assert.ok(!existsSync(homelab.settingsFile));
  }
});
