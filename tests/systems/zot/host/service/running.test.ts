import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { isCalledZot, parseRunning, runningScript } from "../../../../../systems/zot/host/service/running.ts";
import { sh } from "../support/sh.ts";

/** A folder on the PATH with these programs. */
function programs(scripts: Readonly<Record<string, string>>): { folder: string; environment: NodeJS.ProcessEnv } {
  const folder = mkdtempSync(join(tmpdir(), "zot-auth-running-"));
  const bin = join(folder, "bin");
  mkdirSync(bin);
  for (const [name, script] of Object.entries(scripts)) {
    writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(bin, name), 0o755);
  }
  return { folder, environment: { PATH: `${bin}:${process.env["PATH"] ?? ""}` } };
}

test("on macOS, finds zot and the LaunchAgent whose process it is", async (t) => {
  const { folder, environment } = programs({
    ps: `cat <<'END'
    1 /sbin/launchd
  471 /Users/ada/My Tools/zot serve /Users/ada/zot config.json
  472 sudo /opt/zot serve /etc/zot/config.json
  480 /usr/bin/python3 app.py serve /tmp/other
END`,
    launchctl: `printf 'PID\\tStatus\\tLabel\\n-\\t0\\tcom.apple.x\\n471\\t0\\tmcquack.eblume.zot\\n4712\\t0\\tother\\n'`,
  });
  t.after(() => rmSync(folder, { recursive: true }));
  const { stdout, stderr } = await sh(runningScript(), "", environment);
  assert.equal(stderr, "");
  assert.deepEqual(parseRunning(stdout), [
    {
      binary: "/Users/ada/My Tools/zot",
      configFile: "/Users/ada/zot config.json",
      service: "launchd:mcquack.eblume.zot",
      inContainer: false,
    },
    { binary: "/opt/zot", configFile: "/etc/zot/config.json", service: undefined, inContainer: false },
  ]);
});

test("on Linux, finds zot and the unit whose main process it is", async (t) => {
  const { folder, environment } = programs({
    systemctl: `echo "$*" | grep -q -e '-p MainPID zot.service' -e '--user show -p MainPID my-zot.service' && echo MainPID=471 || echo MainPID=1`,
  });
  t.after(() => rmSync(folder, { recursive: true }));
  const proc = join(folder, "it's proc");
  const process = (pid: string, words: readonly string[], cgroup = ""): void => {
    mkdirSync(join(proc, pid), { recursive: true });
    writeFileSync(join(proc, pid, "cmdline"), words.map((word) => `${word}\0`).join(""));
    writeFileSync(join(proc, pid, "cgroup"), cgroup);
  };
  const found = async (): Promise<unknown> => parseRunning((await sh(runningScript(proc), "", environment)).stdout);
  process("self", ["awk"]);
  process("7", ["nginx", "server.json"]);
  process("471", ["/usr/bin/zot", "serve", "/etc/zot/my config.json"], "0::/system.slice/zot.service\n");
  const zot = { binary: "/usr/bin/zot", configFile: "/etc/zot/my config.json", inContainer: false };
  assert.deepEqual(await found(), [{ ...zot, service: "systemd:zot" }]);
  const user = "1:name=systemd:/user.slice/user-1000.slice/user@1000.service/app.slice/my-zot.service\n";
  process("471", ["/usr/bin/zot", "serve", "/etc/zot/my config.json"], user);
  assert.deepEqual(await found(), [{ ...zot, service: "systemd-user:my-zot" }]);
  // Started by hand within the service of something else.
  for (const cgroup of ["0::/system.slice/ssh.service\n", "0::/user.slice/docker.slice/tmux-0a1b.scope\n", ""]) {
    process("471", ["/usr/bin/zot", "serve", "/etc/zot/my config.json"], cgroup);
    assert.deepEqual(await found(), [{ ...zot, service: undefined }], cgroup);
  }
  const id = "0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f9";
  const containers = [
    `0::/system.slice/docker-${id}.scope\n`,
    `12:pids:/docker/${id}\n0::/docker/${id}\n`,
    `0::/machine.slice/libpod-${id}.scope/container\n`,
    `0::/system.slice/zot.service/libpod-payload-${id}\n`,
    `0::/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-${id}.scope/container\n`,
    `0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1.slice/cri-containerd-${id}.scope\n`,
    `0::/kubepods/besteffort/pod1/${id}\n`,
    "0::/lxc.payload.registry/init.scope\n",
  ];
  for (const cgroup of containers) {
    process("471", ["/usr/bin/zot", "serve", "/etc/zot/my config.json"], cgroup);
    process("self", ["awk"], "0::/user.slice/user-1000.slice/session-1.scope\n");
    assert.deepEqual(await found(), [{ ...zot, service: undefined, inContainer: true }], cgroup);
    process("self", ["awk"], cgroup);
    assert.deepEqual(await found(), [{ ...zot, service: undefined }], `beside it in ${cgroup}`);
  }
});

test("only what is called zot counts as zot, and only a service that the settings accept", () => {
  const line = (binary: string, service = ""): string => `zot\t${binary}\t/etc/zot.json\t${service}\n`;
  const called = (binary: string): boolean => parseRunning(line(binary)).every(isCalledZot);
  assert.deepEqual(["/usr/local/bin/zot", "zot-linux-arm64", "sudo zot", "node", "/opt/zot/run"].map(called), [
    true,
    true,
    true,
    false,
    false,
  ]);
  const service = (text: string): unknown => parseRunning(line("zot", text))[0]?.service;
  assert.equal(service("systemd:zot"), "systemd:zot");
  assert.equal(service("systemd-user:zot@nas"), "systemd-user:zot@nas");
  assert.equal(service("systemd:zot\\x2dnas"), undefined);
  assert.deepEqual(parseRunning("zot\tcaddy\tstatic\t\nsomething else\n"), []);
});
