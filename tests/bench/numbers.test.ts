import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { median, perDoubling } from "../../bench/support/numbers.ts";
import { criticalPath, lengthOf, sharesOf, union, within } from "../../bench/support/criticalPath.ts";
import { dependenciesOf } from "../../bench/support/dependencies.ts";
import { timed } from "../../bench/support/command.ts";

test("the median of an even number of values is one of them", () => {
  assert.equal(median([5, 1, 3]), 3);
  assert.equal(median([4, 1, 3, 2]), 2);
});

test("what a doubling costs, over several of them", () => {
  assert.equal(perDoubling([100, 5], [200, 15]), 3);
  assert.equal(perDoubling([10, 2], [80, 16]), 2);
});

test("the critical path goes back from the last step over what each waited for last", () => {
  const steps = new Map([
    ["a", { begun: 0, ended: 4 }],
    ["b", { begun: 0, ended: 2 }],
    ["c", { begun: 4, ended: 6 }],
    ["d", { begun: 2, ended: 9 }],
    ["alone", { begun: 0, ended: 8 }],
  ]);
  const waits: Readonly<Record<string, readonly string[]>> = { c: ["a", "b"], d: ["b", "unknown"] };
  assert.deepEqual(
    criticalPath(steps, (urn) => waits[urn] ?? []),
    ["b", "d"],
  );
});

test("a row waits for what its component waits for", () => {
  const dependencies = dependenciesOf([
    { urn: "stack" },
    { urn: "check", parent: "stack", custom: true },
    { urn: "outer", parent: "stack", dependencies: ["check"] },
    { urn: "inner", parent: "outer", dependencies: [] },
    { urn: "first", parent: "inner", custom: true },
    { urn: "second", parent: "inner", custom: true, dependencies: ["first"] },
  ]);
  assert.deepEqual(Object.fromEntries(dependencies), {
    check: [],
    first: ["check"],
    second: ["first", "check"],
  });
});

test("where a run's time goes: each moment counts once, and the parts add up", () => {
  const shares = sharesOf([0, 100], {
    path: [
      [20, 50],
      [55, 90],
    ],
    host: [
      [5, 12],
      [85, 95],
    ],
    // The last is between two rows.
    answering: [
      [22, 25],
      [24, 27],
      [60, 64],
      [50, 55],
    ],
    notYet: [[26, 40]],
    unseen: [
      [40, 45],
      [63, 66],
    ],
  });
  assert.deepEqual(shares, {
    before: 20,
    hostBefore: 7,
    answering: 9,
    notYet: 13,
    unseen: 7,
    own: 36,
    between: 5,
    after: 10,
  });
  const { hostBefore: _, ...parts } = shares;
  assert.equal(
    Object.values(parts).reduce((sum, part) => sum + part, 0),
    100,
  );
});

test("spans that overlap count once", () => {
  const spans = union([
    [5, 9],
    [1, 3],
    [2, 4],
    [9, 10],
  ]);
  assert.deepEqual(spans, [
    [1, 4],
    [5, 10],
  ]);
  assert.equal(lengthOf(within(spans, [3, 6])), 2);
});

test("a command's CPU time is that of its children too", async () => {
  const busy = "const end = Date.now() + 150; while (Date.now() < end);";
  const { cpu, wall, output } = await timed("sh", ["-c", `'${process.execPath}' -e '${busy}'; echo done`]);
  assert.equal(output, "done\n");
  assert.ok(cpu > 0.02 && cpu < wall + 1, `${cpu} of ${wall}`);
  await assert.rejects(timed("sh", ["-c", "echo why; exit 3"]), /failed \(3\):\nwhy/);
});

test("the time of the process that serves the stand-ins counts, though it outlives the one that started it", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "zot-auth-bench-"));
  t.after(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, "shared-host"));
  const host = join(folder, "shared-host", "host.ts");
  // It works, and so does a child that it waits for.
  const busy = "const end = process.cpuUsage().user + 200_000; while (process.cpuUsage().user < end);";
  const child = `import { spawnSync } from "node:child_process"; spawnSync(process.execPath, ["-e", ${JSON.stringify(busy)}]);`;
  writeFileSync(host, `${child} ${busy}`);
  const start = `require("child_process").spawn(process.execPath, ["${host}"], { detached: true, stdio: "ignore" }).unref();
    setInterval(() => require("fs").existsSync(process.env.BENCH_HOSTS) && process.exit(), 10);`;
  const { cpu } = await timed(process.execPath, ["-e", start]);
  assert.ok(cpu > (process.platform === "linux" ? 0.38 : 0.2), String(cpu));
});
