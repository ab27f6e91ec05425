import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { describeService, serviceFile } from "../../../../../systems/zot/host/service/describe.ts";
import { renderLaunchAgent, renderUnit } from "../../../../../systems/zot/host/service/service.ts";
import { parseSettings } from "../../../../../settings/parse.ts";
import type { Settings } from "../../../../../settings/schema.ts";
import { REAL_CASE } from "../../../../support/settings.ts";

// The content of launchd's and systemd's files. The tests of each manager show whether it accepts them.

const ODD = `/opt/it's "a" <b> & 100% of $HOME\\zot`;
const FACTS = { binary: "/usr/local/bin/zot", home: "/home/me", owner: "zot" };

function registry(change: object): Settings["registry"] {
  const { restartCommand, ...others } = REAL_CASE.registry;
  return parseSettings({
    ...REAL_CASE,
    registry: { ...others, ...("service" in change ? {} : { restartCommand }), ...change },
  }).registry;
}

test("a LaunchAgent keeps zot running from login on, with a log that only its owner can read", () => {
  const plist = renderLaunchAgent("eblume.zot", { binary: "/opt/zot", configFile: "/etc/zot.json" }, "/var/zot.log");
  for (const [key, value] of [
    ["Label", "<string>eblume.zot</string>"],
    ["RunAtLoad", "<true/>"],
    ["KeepAlive", "<true/>"],
    ["Umask", `<integer>63</integer>`],
    ["StandardOutPath", "<string>/var/zot.log</string>"],
    ["StandardErrorPath", "<string>/var/zot.log</string>"],
  ] as const) {
    assert.ok(plist.includes(`  <key>${key}</key>\n  ${value}\n`), key);
  }
  assert.match(
    plist,
    /<array>\s*<string>\/opt\/zot<\/string>\s*<string>serve<\/string>\s*<string>\/etc\/zot\.json<\/string>/,
  );
});

test("a plist parses to what was meant, for any path", (context) => {
  const plist = renderLaunchAgent("a.b", { binary: ODD, configFile: `${ODD}.json` }, ODD);
  const read = spawnSync(
    "python3",
    ["-c", "import json,plistlib,sys; print(json.dumps(plistlib.loads(sys.stdin.buffer.read())))"],
    {
      input: plist,
      encoding: "utf8",
    },
  );
  if (read.error !== undefined) {
    context.skip("there is no python3, whose plistlib reads plists");
    return;
  }
  assert.equal(read.status, 0, read.stderr);
  assert.deepEqual(JSON.parse(read.stdout), {
    Label: "a.b",
    ProgramArguments: [ODD, "serve", `${ODD}.json`],
    RunAtLoad: true,
    KeepAlive: true,
    ThrottleInterval: 5,
    Umask: 63,
    StandardOutPath: ODD,
    StandardErrorPath: ODD,
  });
});

test("a system unit restarts zot without limit, as the owner of its data", () => {
  assert.equal(
    renderUnit({ binary: "/opt/zot", configFile: "/etc/zot.json" }, "zot"),
    `# Written by zot-auth (setting registry.manageService). The next update undoes edits.
[Unit]
Description=zot container registry
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=0

[Service]
User=zot
ExecStart="/opt/zot" serve "/etc/zot.json"
Restart=on-failure
RestartSec=5
UMask=0077

[Install]
WantedBy=multi-user.target
`,
  );
});

test("a user unit names no user, and starts with the user's manager", () => {
  const unit = renderUnit({ binary: "/opt/zot", configFile: "/etc/zot.json" });
  assert.doesNotMatch(unit, /User=|network-online/);
  assert.match(unit, /WantedBy=default\.target\n$/);
});

test("a unit escapes quotes, backslashes, % and $", () => {
  const unit = renderUnit({ binary: "/o p/$z%o", configFile: `/it's "a"\\$HOME 100%.json` });
  // systemd takes $ in arguments for a variable, and in the program's path not.
  assert.match(unit, /^ExecStart="\/o p\/\$z%%o" serve "\/it's \\"a\\"\\\\\$\$HOME 100%%\.json"$/m);
});

test("each manager has its own place for the file, unless the settings name one", () => {
  const fileOf = (service: string, more: object = {}): unknown =>
    describeService(registry({ service, ...more }), FACTS, "/c.json").manager;
  assert.deepEqual(fileOf("launchd:a.zot"), {
    kind: "launchd",
    name: "a.zot",
    file: "/home/me/Library/LaunchAgents/a.zot.plist",
  });
  assert.deepEqual(fileOf("systemd:zot.service"), {
    kind: "systemd",
    name: "zot",
    file: "/etc/systemd/system/zot.service",
  });
  assert.deepEqual(fileOf("systemd-user:zot"), {
    kind: "systemd-user",
    name: "zot",
    file: "/home/me/.config/systemd/user/zot.service",
  });
  assert.equal(serviceFile(registry({ service: "systemd:zot", serviceFile: "/run/zot.service" })), "/run/zot.service");
  assert.equal(serviceFile(registry({})), undefined);
});

test("an unmanaged service has no file of ours; its log is known if the settings name it", () => {
  assert.deepEqual(describeService(registry({}), FACTS, "/c.json", "/own.log"), {
    manager: { kind: "command", command: REAL_CASE.registry.restartCommand },
    logs: ["/own.log"],
  });
  const agent = describeService(registry({ service: "launchd:a", serviceLog: "/l.log" }), FACTS, "/c.json");
  assert.deepEqual([agent.definition, agent.logs], [undefined, ["/l.log"]]);
});

test("a managed service is rendered for the host", () => {
  const agent = describeService(registry({ service: "launchd:a", manageService: true }), FACTS, "/c.json");
  assert.deepEqual(agent.logs, ["/home/me/Library/Logs/a.log"]);
  assert.equal(
    agent.definition,
    renderLaunchAgent("a", { binary: FACTS.binary, configFile: "/c.json" }, "/home/me/Library/Logs/a.log"),
  );
  const unit = describeService(registry({ service: "systemd:zot", manageService: true }), FACTS, "/c.json");
  assert.equal(unit.definition, renderUnit({ binary: FACTS.binary, configFile: "/c.json" }, "zot"));
});
