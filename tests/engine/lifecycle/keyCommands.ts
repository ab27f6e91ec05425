import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parse } from "yaml";
import { passed } from "../../../report/report.ts";
import type { Report } from "../../../report/report.ts";
import { accepts, rotateUnderPushes } from "./rotateUnderPushes.ts";
import { homelab, lab } from "./stack.ts";

// npm run rotate and npm run revoke, through the command that they run.

const key = (): string => homelab.ciKey("homelab/apps") ?? "";

function triggers(): { readonly rotationTrigger?: string; readonly revocationTrigger?: string } {
  const { config } = parse(readFileSync(lab.settingsFile, "utf8")) as { config: Record<string, object> };
  return config["zot-auth:ci"] ?? {};
}

test("rotate: every consumer gets a new key and every push succeeds, the old key works during the grace period, and the settings file records the request", async () => {
  const { old, key, output } = await rotateUnderPushes("grace", async () => lab.command("rotate"));
  assert.match(output, /Replacing the key\. The current one stays valid/);
  assert.deepEqual([await accepts(old), await accepts(key)], [true, true]);
  assert.equal(lab.outputs()["keyLabel"], "zot-auth/lab/2");
  assert.match(triggers().rotationTrigger ?? "", /^20\d\d-/);

  const reports = join(lab.directory, "reports", "lab");
  assert.ok(output.includes(`Report: ${join(reports, "up.html")}\n`), output);
  const report = JSON.parse(readFileSync(join(reports, "up.json"), "utf8")) as Report;
  assert.deepEqual([report.succeeded, report.key?.label], [true, "zot-auth/lab/2"]);
  const state = (of: string) => report.steps.find(({ name }) => name === of)?.state;
  assert.deepEqual(
    [state("ci-key"), state("forgejo-homelab/apps"), state("zot-config")],
    ["updated", "updated", "unchanged"],
  );
  assert.ok(report.access.rows.length > 10 && report.access.rows.every(passed));
  const page = readFileSync(join(reports, "up.html"), "utf8");
  for (const secret of [old, key]) assert.ok(!page.includes(secret));
});

test("revoke: all keys of the account stop working at once, even one created with a stolen key, and CI gets a new one", async () => {
  const leaked = key();
  const made = await homelab.registry("/zot/auth/apikey", {
    method: "POST",
    key: leaked,
    body: JSON.stringify({ label: "a thief's" }),
  });
  const { apiKey: stolen } = (await made.json()) as { apiKey: string };
  assert.equal(await accepts(stolen), true);
  const { code, output } = await lab.command("revoke");
  assert.equal(code, 0, output);
  assert.match(output, /revoking "a thief's"/);
  assert.deepEqual([await accepts(leaked), await accepts(stolen), await accepts(key())], [false, false, true]);
  assert.equal(homelab.ciKey("homelab/site"), key());
  assert.equal((await homelab.fields("keyStore"))["zot-ci-api"], key());

  const again = await lab.up();
  assert.match(again.output, /unchanged/);
  assert.doesNotMatch(again.output, /zot:ApiKey/, "only once, not on every run");
});

/** The command on a terminal, with what somebody types there. */
async function onTerminal(command: string, typed: string): Promise<string> {
  const line = `node commands/key/main.ts ${command} lab --config-file ${lab.settingsFile} --color never`;
  const child = spawn("script", ["-qec", line, "/dev/null"], {
    env: lab.environment,
    stdio: ["pipe", "pipe", "inherit"],
    timeout: 60_000,
  });
  let output = "";
  for await (const chunk of child.stdout) {
    output += String(chunk);
    if (!child.stdin.writableEnded && output.includes("[y/N]")) child.stdin.end(typed);
  }
  return output;
}

test("rotate and revoke without consent write nothing that the next up would act on", async () => {
  const before = triggers();
  const silent = await lab.command("revoke", ["lab", "--config-file", lab.settingsFile]);
  assert.deepEqual([silent.code, triggers()], [2, before], silent.output);
  assert.match(
    silent.output,
    /Nothing was changed: without a terminal, revoke cannot ask\. To agree in advance, add --yes\./,
  );
  const declined = await onTerminal("revoke", "n\n");
  assert.match(declined, /zot:ApiKey[^]*Revoke every key of the account now\? \[y\/N\][^]*Nothing was changed\./);
  assert.deepEqual(triggers(), before);
});

test("revoke asks for a missing stack name and changes nothing", async () => {
  const before = triggers();
  const { code, output } = await lab.command("revoke", []);
  assert.equal(code, 2);
  assert.match(output, /npm run revoke -- <stack>/);
  assert.deepEqual(triggers(), before);
});
