// The output on a healthy lab: no warning from Pulumi or Node, and nothing about where the CLI found its plugins.
import assert from "node:assert/strict";
import test from "node:test";
import { EngineLab } from "./harness.ts";

const NOISE = /warning|deprecat|experimental|\(node:\d+\)|\busing \S+ from|stand-in/i;

test("a preview and two runs of up on a healthy lab show no warning", async () => {
  const lab = await EngineLab.start(undefined, "processes");
  try {
    const screens: readonly (readonly [string, readonly string[], RegExp])[] = [
      ["preview", ["preview", "--non-interactive"], /^ {4}\+ \d+ to create$/m],
      ["up", ["up", "--yes", "--skip-preview", "--non-interactive"], /^ {4}\+ \d+ created$/m],
      ["up with nothing to do", ["up", "--yes", "--non-interactive"], /^ {4}\d+ unchanged$/m],
    ];
    for (const [name, args, says] of screens) {
      const { code, output } = await lab.pulumi(...args);
      assert.equal(code, 0, output);
      assert.match(output, says, name);
      const noise = output.split("\n").filter((line) => NOISE.test(line));
      assert.deepEqual(noise, [], name);
    }
  } finally {
    await lab.stop();
  }
});
