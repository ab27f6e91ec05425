// The stand-in for @pulumi/command's plugin with a real gRPC client.
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Plugin, UNKNOWN_TEXT, messageOf, secret, urnOf } from "./support/plugin.ts";

const PLUGIN = join(import.meta.dirname, "../../toolchain/plugins/command/pulumi-resource-command");
const urn = urnOf("command:local:Command", "greet");

await test("command:local:Command", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "zot-auth-command-"));
  await using plugin = await Plugin.start(PLUGIN);
  t.after(() => rmSync(folder, { recursive: true }));

  await plugin.configure({});

  await t.test(
    "create: strips the last newline from the output, derives the id from the name, keeps the inputs",
    async () => {
      const inputs = { create: "echo out; echo; echo err >&2" };
      const { id, state } = await plugin.create({ urn }, inputs);
      assert.match(id, /^greet[0-9a-f]{8}$/);
      assert.deepEqual(state, { ...inputs, stdout: "out\n", stderr: "err" });
    },
  );

  await t.test("passes stdin, environment, folder and interpreter to the command", async () => {
    const { state } = await plugin.create(
      { urn },
      {
        create:
          "[process.env.WHO, process.cwd() === require('fs').realpathSync(process.env.FOLDER), require('fs').readFileSync(0, 'utf8')].join()",
        stdin: "in\n",
        environment: { WHO: "me", FOLDER: folder },
        dir: folder,
        interpreter: [process.execPath, "-p"],
      },
    );
    assert.equal(state["stdout"], "me,true,in\n");
  });

  await t.test("a command that does not read its stdin does not fail", async () => {
    const { state } = await plugin.create({ urn }, { create: "exec <&-; echo done", stdin: "x".repeat(1_000_000) });
    assert.equal(state["stdout"], "done");
  });

  await t.test(
    "a failing command reports its status, the command and its output, in the official plugin's words",
    async () => {
      await assert.rejects(plugin.create({ urn }, { create: 'echo "a"; echo b >&2; exit 3' }), (error) => {
        assert.equal(messageOf(error), 'exit status 3: running "echo \\"a\\"; echo b >&2; exit 3":\na\nb\n');
        return true;
      });
      await assert.rejects(plugin.create({ urn }, { create: "true", interpreter: [join(folder, "none")] }), (error) => {
        assert.match(messageOf(error), /^exec: ".*none": no such file or directory: running "true":\n$/);
        return true;
      });
    },
  );

  await t.test("a secret input makes the output secret", async () => {
    const { state } = await plugin.create({ urn }, { create: "echo $X", environment: { X: secret("s") } });
    assert.deepEqual(state["stdout"], secret("s"));
    assert.deepEqual(state["environment"], secret({ X: "s" }));
    assert.equal(state["create"], "echo $X");
  });

  await t.test("streams the output to the resource's row, as `logging` says", async () => {
    for (const [logging, lines] of [
      ["stdoutAndStderr", ["o", "e"]],
      ["stderr", ["e"]],
      ["none", []],
    ] as const) {
      plugin.said.length = 0;
      await plugin.create({ urn }, { create: "echo o; sleep 0.05; echo e >&2", logging });
      assert.deepEqual(
        plugin.said,
        lines.map((message) => ({ message, urn, passing: true })),
      );
    }
  });

  await t.test("preview runs nothing", async () => {
    const file = join(folder, "ran");
    const { state } = await plugin.create({ urn, preview: true }, { create: `touch ${file}` });
    assert.deepEqual([state["stdout"], state["stderr"], existsSync(file)], [UNKNOWN_TEXT, UNKNOWN_TEXT, false]);
  });

  await t.test(
    "update: runs its own command, else create's, else none; the command sees the previous output",
    async () => {
      const old = { stdout: "before", stderr: "warned" };
      const show = 'echo "$PULUMI_COMMAND_STDOUT/$PULUMI_COMMAND_STDERR"';
      const updated = async (inputs: Record<string, string | boolean>) =>
        (await plugin.update({ urn }, "id", old, inputs))["stdout"];
      assert.equal(await updated({ create: "echo c", update: show }), "before/warned");
      assert.equal(await updated({ create: `${show}; echo c` }), "before/warned\nc");
      assert.equal(await updated({ create: show, addPreviousOutputInEnv: false }), "/");
      assert.equal(await updated({ delete: "true" }), "before");
    },
  );

  await t.test("delete: runs its command, which sees the previous output", async () => {
    const file = join(folder, "deleted");
    await plugin.delete(urn, "id", { stdout: "before", stderr: "", delete: `echo "$PULUMI_COMMAND_STDOUT" > ${file}` });
    assert.equal(readFileSync(file, "utf8"), "before\n");
    await plugin.delete(urn, "id", { stdout: "", stderr: "" });
  });

  await t.test("a change of triggers replaces, any other change updates", async () => {
    const old = { create: "a", triggers: ["1"] };
    assert.deepEqual(await plugin.diff(urn, { old, inputs: { create: "b", triggers: ["2"] } }), {
      changes: true,
      replaces: ["triggers"],
      detailed: { create: "UPDATE", triggers: "UPDATE_REPLACE" },
    });
    assert.deepEqual((await plugin.diff(urn, { old, inputs: { ...old, create: "b" } })).replaces, []);
  });

  await t.test("reports inputs of the wrong type and unsupported inputs by name", async () => {
    const { failures } = await plugin.check(urn, {
      create: 1,
      logging: "loud",
      environment: { A: 1 },
      assetPaths: ["*"],
      stdin: UNKNOWN_TEXT,
    });
    assert.deepEqual(
      failures.map(({ property }) => property),
      ["create", "environment", "logging", "assetPaths"],
    );
    assert.match(failures.at(-1)?.reason ?? "", /does not support files/);
  });

  await t.test("local.run: runs in previews too", async () => {
    const result = await plugin.invoke("command:local:run", { command: "echo $((1 + 2))" });
    assert.deepEqual(result, { command: "echo $((1 + 2))", stdout: "3", stderr: "" });
    await assert.rejects(plugin.invoke("command:local:run", {}), (error) =>
      messageOf(error).startsWith("command is required"),
    );
  });

  await t.test("a cancellation stops the command and its child processes", async () => {
    const file = join(folder, "pid");
    const slow = plugin
      .create({ urn }, { create: `sleep 300 & echo $! > ${file}; wait` })
      .then(() => "done", messageOf);
    while (!existsSync(file) || readFileSync(file, "utf8") === "") await sleep(10);
    const pid = Number(readFileSync(file, "utf8"));
    assert.equal(isAlive(pid), true);
    await plugin.cancel();
    assert.equal(await slow, "cancelled; run again to finish");
    while (isAlive(pid)) await sleep(10);
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A zombie process is still listed.
    return !existsSync(`/proc/${pid}/stat`) || !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}
