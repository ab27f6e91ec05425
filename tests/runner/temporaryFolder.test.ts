import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { dirname, join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { temporaryPlace } from "../support/temporaryPlace.ts";

const at = (name: string): string => JSON.stringify(join(import.meta.dirname, name));

/** Reports its temporary folder and creates files in it: endlessly, or a few. Ends when told to. */
const CHILD = `
  const { mkdirSync, writeFileSync } = require("node:fs");
  const { tmpdir } = require("node:os");
  const [port, endless] = process.argv.slice(1);
  const socket = require("node:net").connect(port, "127.0.0.1", () => socket.write(tmpdir(), () => {
    for (let made = 0; made < 100 || endless === "true"; made++) {
      mkdirSync(tmpdir() + "/" + made, { recursive: true });
      writeFileSync(tmpdir() + "/" + made + "/file", "content");
    }
    socket.once("data", () => socket.end());
  }));`;

const RUNNER = `
  import { runToEnd } from ${at("process.ts")};
  import { useTemporaryFolder } from ${at("temporaryFolder.ts")};
  useTemporaryFolder();
  const { failed, output } = await runToEnd(process.execPath, ["-e", ${JSON.stringify(CHILD)}, ...process.argv.slice(1)]);
  if (failed) throw new Error(output);`;

interface Running {
  readonly folder: string;
  /** @returns the runner's exit code */
  readonly end: (signal?: NodeJS.Signals) => Promise<number | null>;
}

async function start(t: TestContext, endless: boolean): Promise<Running> {
  const server = createServer().listen(0, "127.0.0.1");
  t.after(() => server.close());
  await once(server, "listening");
  const args = [String((server.address() as AddressInfo).port), String(endless)];
  const runner = spawn(process.execPath, ["--input-type=module", "-e", RUNNER, ...args], { stdio: "inherit" });
  const ended = once(runner, "exit") as Promise<[number | null]>;
  const [child] = (await once(server, "connection")) as [Socket];
  const [folder] = (await once(
    child.setEncoding("utf8").on("error", () => undefined),
    "data",
  )) as [string];
  const end = async (signal?: NodeJS.Signals): Promise<number | null> => {
    const gone = once(child, "close");
    if (signal === undefined) child.write("end");
    else runner.kill(signal);
    const [code] = await ended;
    await gone;
    return code;
  };
  return { folder, end };
}

test("a run has its own folder where the tests' temporary files are, and it goes with the run", async (t) => {
  const { folder, end } = await start(t, false);
  assert.equal(dirname(folder), temporaryPlace());
  assert.ok(existsSync(folder));
  assert.equal(await end(), 0);
  assert.ok(!existsSync(folder));
});

for (const [signal, code] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
  ["SIGHUP", 129],
] as const)
  test(`after ${signal} neither it nor what writes to it is left`, async (t) => {
    const { folder, end } = await start(t, true);
    assert.ok(existsSync(folder));
    assert.equal(await end(signal), code);
    assert.ok(!existsSync(folder));
  });
