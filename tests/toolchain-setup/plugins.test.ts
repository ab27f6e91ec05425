import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { Machine } from "./machine.ts";

const downloads = (machine: Machine) =>
  machine
    .calls()
    .filter((call) => call.startsWith("pulumi plugin"))
    .sort();
const lineOf = (output: string, start: string) => output.split("\n").find((line) => line.startsWith(start)) ?? "";

/** A CLI that downloads plugins as the real one does: into PULUMI_HOME, each with its executable name. */
const DOWNLOADS = `case "$1" in
  version) echo v3.274.1 ;;
  plugin)
    folder="$PULUMI_HOME/plugins/resource-$4-v$5"; mkdir -p "$folder"
    cp "$MACHINE/built-pulumi" "$folder/pulumi-resource-$4" ;;
esac`;

test("offline: gives up at the first error, uses the stand-ins, and does not retry for a day", async (t) => {
  const machine = new Machine(t);
  const start = Date.now();
  const first = await machine.setUp();
  assert.equal(first.code, 0);
  // After its first error the fake CLI runs for another 20 seconds, as the real one retries.
  assert.ok(Date.now() - start < 15_000, "the setup stops it at its first error");
  assert.deepEqual(downloads(machine), [
    "pulumi plugin install resource command 1.2.1 --exact --non-interactive --color never",
    "pulumi plugin install resource kubernetes 4.34.2 --exact --non-interactive --color never",
    "pulumi plugin install resource onepassword 1.1.3 --server github://api.github.com/x/y --exact --non-interactive --color never",
  ]);
  assert.match(first.stdout, /^✓ Plugin onepassword 1\.1\.3 {2}stand-in$/m);
  assert.deepEqual(first.stdout.match(/^· Stand-ins from .*$/gm), [
    "· Stand-ins from toolchain/plugins replace the official plugins, whose download failed (get.pulumi.com: no such host).",
  ]);
  const standIn = (name: string) => [join(machine.root, "toolchain/plugins", name, `pulumi-resource-${name}`)];
  assert.deepEqual(machine.installedLinks(), {
    "resource-command-v1.2.1": standIn("command"),
    "resource-kubernetes-v4.34.2": standIn("kubernetes"),
    "resource-onepassword-v1.1.3": standIn("onepassword"),
  });
  assert.deepEqual(existsSync(join(machine.home, ".pulumi")), false, "the user's own folder is untouched");

  const second = await machine.setUp();
  assert.deepEqual(downloads(machine), []);
  assert.match(second.stdout, /whose download failed \(get\.pulumi\.com: no such host\)/);

  await machine.setUp(["--retry-plugins"]);
  assert.equal(downloads(machine).length, 3);
  await machine.setUp([], { ZOT_AUTH_RETRY_PLUGINS: "1" });
  assert.equal(downloads(machine).length, 3);

  const memory = join(machine.home, ".cache/zot-auth/plugin-downloads.json");
  writeFileSync(memory, readFileSync(memory, "utf8").replaceAll(/"at": \d+/g, `"at": ${Date.now() - 25 * 3600_000}`));
  await machine.setUp();
  assert.equal(downloads(machine).length, 3);
});

test("uses an installed official plugin, and stand-ins only for the others", async (t) => {
  const machine = new Machine(t);
  machine.script("home/.pulumi/plugins/resource-kubernetes-v4.34.2/pulumi-resource-kubernetes", "exit 0");
  // Neither counts: one has another version, the other is not completely unpacked.
  machine.script("home/.pulumi/plugins/resource-command-v1.2.0/pulumi-resource-command", "exit 0");
  machine.script("home/.pulumi/plugins/resource-onepassword-v1.1.3/pulumi-resource-onepassword", "exit 0");
  machine.write("home/.pulumi/plugins/resource-onepassword-v1.1.3.partial", "");
  const { stdout } = await machine.setUp();
  assert.match(lineOf(stdout, "✓ Plugin kubernetes 4.34.2"), /~\/\.pulumi\/plugins\/resource-kubernetes-v4\.34\.2$/);
  assert.deepEqual(
    downloads(machine).map((call) => call.split(" ")[4]),
    ["command", "onepassword"],
  );
  assert.deepEqual(machine.installedLinks(), {
    "resource-command-v1.2.1": [join(machine.root, "toolchain/plugins/command/pulumi-resource-command")],
    "resource-kubernetes-v4.34.2": [
      join(machine.home, ".pulumi/plugins/resource-kubernetes-v4.34.2/pulumi-resource-kubernetes"),
    ],
    "resource-onepassword-v1.1.3": [join(machine.root, "toolchain/plugins/onepassword/pulumi-resource-onepassword")],
  });
});

test("downloads plugins into the user's PULUMI_HOME, and uses it once no stand-in is needed", async (t) => {
  const machine = new Machine(t);
  const env = { PULUMI_HOME: join(machine.folder, "pulumi home") };
  await machine.setUp([], env);
  const homeOfRun = async () => (await machine.run(["node", "-p", "process.env.PULUMI_HOME"], env)).stdout.trim();
  assert.equal(await homeOfRun(), machine.standInHome);
  machine.tool("pulumi", DOWNLOADS);
  const { stdout } = await machine.setUp(["--retry-plugins"], env);
  assert.match(
    lineOf(stdout, "✓ Plugin command 1.2.1"),
    /pulumi home\/plugins\/resource-command-v1\.2\.1 \(downloaded\)/,
  );
  assert.equal(await homeOfRun(), env.PULUMI_HOME);
});

test("uses a plugin and a language host on the user's PATH, which Pulumi prefers anyway", async (t) => {
  const machine = new Machine(t);
  machine.tool("pulumi", DOWNLOADS);
  machine.tool("pulumi-resource-command", "exit 0");
  machine.tool("pulumi-language-nodejs", "exit 0");
  const { stdout } = await machine.setUp();
  assert.match(lineOf(stdout, "✓ Plugin command"), /bin\/pulumi-resource-command \(on PATH\)/);
  assert.match(lineOf(stdout, "✓ Language host"), /bin\/pulumi-language-nodejs$/);
  assert.deepEqual(machine.installedLinks(), {});
  assert.equal(downloads(machine).length, 2);
});

test("reports why a download failed", async (t) => {
  const machine = new Machine(t);
  machine.tool(
    "pulumi",
    'case "$1" in version) echo v3.274.1 ;; plugin) echo "error: 404 Not Found" >&2; exit 255 ;; esac',
  );
  assert.match((await machine.setUp()).stdout, /whose download failed \(error: 404 Not Found\)/);
});

test("without a stand-in, the error gives the command that installs the plugin", async (t) => {
  const machine = new Machine(t);
  machine.write("packages/@pulumi/command/package.json", '{ "version": "1.2.1", "pulumi": { "name": "other" } }');
  const { code, stderr } = await machine.setUp();
  assert.equal(code, 1);
  assert.match(stderr, /✗ Plugin other 1\.2\.1: the download failed \(.*no such host\), and there is no stand-in/);
  assert.match(stderr, /Install it by hand: pulumi plugin install resource other 1\.2\.1$/m);
});
