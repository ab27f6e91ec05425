import { quote } from "../shell.ts";
import type { Service } from "./service.ts";

/**
 * Shell functions for the program that runs zot.
 *
 * - `restart_zot` restarts it, and says by which setting that was tried when it fails.
 * - For a managed service: `check_definition <file>`, `place_definition <file>` and `remove_definition` for its plist or unit file,
 *   `reload_zot` (the changed file is read, and zot starts by it), `enable_zot` (it starts at boot, too) and `forget_zot` (it is stopped).
 */
export function managerFunctions(service: Service): string {
  const { manager } = service;
  const setting = manager.kind === "command" ? "registry.restartCommand" : "registry.service";
  return `as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }
elevated() { ${manager.kind === "systemd" ? "as_root " : ""}"$@"; }
${commands(service)}
# Its output goes into a file: where the connection was lost, writing it out would fail, and with it the command.
manage() {
  "$1" > "$work/manager" 2>&1 && return 0
  say "zot could not be restarted (setting ${setting}): exit code $?. $(tail -n 3 "$work/manager")"
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
  if [ ! -f "$definition" ]; then echo "It is not loaded, and there is no $definition to load it from."; return 1; fi
  load && launchctl kickstart "$agent"
}
# launchd answers before it has let go of an agent, and refuses to load it until then.
reload() {
  if loaded; then launchctl bootout "$agent" || :; within 15 unloaded || { echo "It does not unload."; return 1; }; fi
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
    : `# An ssh session may lack it, and systemctl finds the user's manager by it.
XDG_RUNTIME_DIR=\${XDG_RUNTIME_DIR:-/run/user/$(id -u)}; export XDG_RUNTIME_DIR
ctl() { systemctl --user "$@"; }`
}
# A unit that failed often is not started again until its failures are forgotten.
restart() { ctl reset-failed "$unit" >/dev/null 2>&1 || :; ctl restart "$unit"; }
reload() { ctl daemon-reload && restart; }
enable() { ctl enable "$unit"; }
forget_zot() { ctl disable --now "$unit" >/dev/null 2>&1 || :; }
# Without a manager that it can ask (in a container, say) it fails for another reason than the file.
check_definition() {
  if ! command -v systemd-analyze >/dev/null 2>&1; then return 0; fi
  systemd-analyze ${manager.kind === "systemd" ? "" : "--user "}verify "$1" > "$work/analyzed" 2>&1 || ! grep -F "$unit.service:" "$work/analyzed"
}`;
  }
}
