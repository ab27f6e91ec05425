import assert from "node:assert/strict";
import test from "node:test";
import type { TestContext } from "node:test";
import { Reporter } from "../../toolchain/setup/progress.js";

/** A step that takes 65 seconds on a mock clock and reports several activities. */
async function longStep(
  t: TestContext,
  stream: { isTTY?: boolean; columns?: number },
  quiet: boolean,
  watched?: boolean,
): Promise<string[]> {
  t.mock.timers.enable({ apis: ["setInterval", "Date"] });
  const written: string[] = [];
  const pass = (seconds: number) => {
    for (let i = 0; i < seconds; i++) t.mock.timers.tick(1000);
  };
  const reporter = new Reporter({ ...stream, write: (text) => written.push(text) }, quiet, watched);
  await reporter.step("Pulumi", (progress) => {
    progress.announce("building");
    pass(2);
    progress.say("compiling, 1 of 9");
    progress.say("compiling, 2 of 9");
    pass(63);
    return Promise.resolve({ what: "Pulumi 3.0.0", where: "here", news: false });
  });
  const before = written.length;
  pass(120);
  assert.equal(written.length, before, "writes nothing after the step");
  return written;
}

test("without a terminal, a long step writes a line at once and then every 30 seconds", async (t) => {
  assert.deepEqual(await longStep(t, {}, false), [
    "… Pulumi: building  0 s\n",
    "… Pulumi: compiling, 2 of 9  30 s\n",
    "… Pulumi: compiling, 2 of 9  60 s\n",
    "✓ Pulumi 3.0.0  here  65.0 s\n",
  ]);
});

test("a job's log is not a terminal that somebody watches, even if the runner gives the job one", async (t) => {
  const lines = await longStep(t, { isTTY: true, columns: 24 }, false, false);
  assert.deepEqual(lines.slice(0, 2), ["… Pulumi: building  0 s\n", "… Pulumi: compiling, 2 of 9  30 s\n"]);
  assert.ok(lines.every((line) => !line.includes("\u001b")));
});

test("a quiet setup reports slow steps, but not what was already installed", async (t) => {
  const lines = await longStep(t, {}, true);
  assert.equal(lines.length, 3);
  assert.ok(lines.every((line) => line.startsWith("…")));
});

test("on a terminal, one line is rewritten every second, truncated to the width, and replaced by the result", async (t) => {
  const text = (await longStep(t, { isTTY: true, columns: 24 }, false)).join("");
  const drawn = text.split("\r\u001b[K").filter((part) => part !== "");
  assert.equal(drawn.at(-1), "✓ Pulumi 3.0.0  here  65.0 s\n");
  const live = drawn.slice(0, -1);
  // One for each of the 65 seconds, and one for each new activity.
  assert.equal(live.length, 65 + 3);
  assert.ok(live.every((part) => part.length < 24 && !part.includes("\n")));
  assert.deepEqual(live.slice(0, 2), ["… Pulumi: building  0 s", "… Pulumi: building  1 s"]);
});
