// The host of the stand-ins with the real CLI: what a program writes reaches the user, and nothing is left of a run.
import assert from "node:assert/strict";
import { once } from "node:events";
import { join } from "node:path";
import { existsSync } from "node:fs";
import test from "node:test";
import { PRELOAD, Project } from "./support/project.ts";
import { hostsOf, processes, until } from "./support/processes.ts";

const PROGRAM = `
import { Command } from "@pulumi/command/local/command.js";
console.log("to standard output");
console.error("to standard error");
new Command("wait", { create: process.env.WAIT === undefined ? "true" : "touch started; exec sleep 61", dir: process.cwd() });
`;

await test("nothing is left of a run of the CLI", async (t) => {
  using project = new Project(PROGRAM, {
    runtime: { name: "nodejs", options: { typescript: false, nodeargs: `--import ${PRELOAD}` } },
  });
  assert.equal((await project.pulumi("stack", "init")).code, 0);

  await t.test("that ends", async () => {
    const { child, ended } = await project.start("up", "--yes", "--skip-preview");
    const seen = until("it has a host", () => hostsOf(child.pid ?? 0).length === 1);
    const { code, output } = await ended;
    assert.equal(code, 0, output);
    await seen;
    assert.match(output, /to standard output/);
    assert.match(output, /to standard error/);
    await until("the host has ended", () => hostsOf(child.pid ?? 0).length === 0, 1);
  });

  await t.test("that is killed in the middle of a command", async () => {
    process.env["WAIT"] = "";
    using other = new Project(PROGRAM, {
      runtime: { name: "nodejs", options: { typescript: false, nodeargs: `--import ${PRELOAD}` } },
    });
    delete process.env["WAIT"];
    assert.equal((await other.pulumi("stack", "init")).code, 0);
    const { child, ended } = await other.start("up", "--yes", "--skip-preview");
    await until("the command runs", () => existsSync(join(other.folder, "started")));
    const left = processes().filter(
      ({ parent, command }) =>
        parent === child.pid || command === "sleep 61" || command.includes(`/${child.pid ?? 0}-`),
    );
    assert.ok(left.some(({ command }) => command.includes("shared-host/host.ts")));
    assert.ok(left.some(({ command }) => command === "sleep 61"));
    child.kill("SIGKILL");
    await once(child, "exit");
    await until("all have ended", () => !processes().some(({ pid }) => left.some((one) => one.pid === pid)), 5);
    await ended;
  });
});
