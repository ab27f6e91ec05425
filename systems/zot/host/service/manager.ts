import { quote } from "../shell/shell.ts";
import type { Service } from "./service.ts";

/**
 * Shell functions for the service manager that runs zot.
 *
 * - `restart_zot` restarts it, and names the setting if that fails.
 * - For a managed service: `check_definition <file>`, `place_definition <file>` and `remove_definition` for its plist or unit file,
 *   `reload_zot` (reads the changed file and starts zot by it), `enable_zot` (starts it at boot) and `forget_zot` (stops it).
 */
export function managerFunctions(service: Service): string {
  const { manager } = service;
  const setting = manager.kind === "command" ? "registry.restartCommand" : "registry.service";
  return `as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }
elevated() { ${manager.kind === "systemd" ? "as_root " : ""}"$@"; }
${commands(service)}
# The output goes to a file: after a lost connection, printing it would make the command fail.
manage() {
  "$1" > "$work/manager" 2>&1 && return 0
  say "Restarting zot failed (setting ${setting}): exit code $?. $(tail -n 3 "$work/manager")"
  return 1
}
restart_zot() { manage restart; }
reload_zot() { manage reload; }
enable_zot() { manage enable; }
definition=${quote(manager.kind === "command" ? "" : manager.file)}
place_definition() {
  elevated mkdir -p "$(dirname "$definition")" && there=$(through "$definition") &&
    elevated cp "$1" "$there.zot-auth-new" && elevated chmod 644 "$there.zot-auth-new" && elevated mv -f "$there.zot-auth-new" "$there"
}
remove_definition() { elevated rm -f "$definition"${manager.kind === "systemd" || manager.kind === "systemd-user" ? " && ctl daemon-reload" : ""}; }`;
}

function commands({ manager }: Service): string {
  switch (manager.kind) {
    case "command":
      return `restart() { sh -c ${quote(manager.command)}; }`;
    case "launchd":
      return `domain=gui/$(id -u); agent=$domain/${quote(manager.name)}
loaded() { launchctl print "$agent" >/dev/null 2>&1; }
unloaded() { ! loaded; }
load() { launchctl bootstrap "$domain" "$definition"; }
restart() {
  if loaded; then launchctl kickstart -k "$agent"; return; fi
  if [ ! -f "$definition" ]; then echo "It is not loaded, and $definition does not exist."; return 1; fi
  load && launchctl kickstart "$agent"
}
# launchd returns before it has unloaded an agent, and refuses to load it until then.
reload() {
  if loaded; then launchctl bootout "$agent" || :; within 15 unloaded || { echo "Unloading it timed out after 15 s."; return 1; }; fi
  launchctl enable "$agent" && within 5 load && launchctl kickstart "$agent"
}
enable() { launchctl enable "$agent"; }
forget_zot() { launchctl bootout "$agent" >/dev/null 2>&1 || :; }
check_definition() { if command -v plutil >/dev/null 2>&1; then plutil -lint "$1"; fi; }`;
    case "systemd":
    case "systemd-user":
      return `unit=${quote(manager.name)}
${
  manager.kind === "systemd"
    ? 'ctl() { as_root systemctl --no-ask-password "$@"; }'
    : `# systemctl needs it to find the user's manager, and an ssh session may lack it.
XDG_RUNTIME_DIR=\${XDG_RUNTIME_DIR:-/run/user/$(id -u)}; export XDG_RUNTIME_DIR
ctl() { systemctl --user "$@"; }`
}
# systemd does not start a unit that failed often until its failures are reset.
restart() { ctl reset-failed "$unit" >/dev/null 2>&1 || :; ctl restart "$unit"; }
reload() { ctl daemon-reload && restart; }
enable() { ctl enable "$unit"; }
forget_zot() { ctl disable --now "$unit" >/dev/null 2>&1 || :; }
# Without a running manager, in a container for example, it fails for other reasons than the file.
check_definition() {
  if ! command -v systemd-analyze >/dev/null 2>&1; then return 0; fi
  systemd-analyze ${manager.kind === "systemd" ? "" : "--user "}verify "$1" > "$work/analyzed" 2>&1 || ! grep -F "$unit.service:" "$work/analyzed"
}`;
  }
}
