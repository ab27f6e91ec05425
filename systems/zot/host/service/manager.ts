import { quote } from "../shell/shell.ts";
import type { Service } from "./service.ts";

/**
 * Shell functions for the service manager that runs zot.
 *
 * - `use_service <kind> <unit> <definition>` chooses the service that the other functions work on; at first it is the one of the settings.
 * - `restart_zot` restarts it, and names the setting if that fails.
 * - For a managed service: `check_definition <file>`, `place_definition <file>` and `remove_definition` for its plist or unit file,
 *   `reload_zot` (reads the changed file and starts zot by it), `enable_zot` (starts it at boot), `stop_zot`, `forget_zot` (stops it and does not start
 *   it at boot) and `running`.
 */
export function managerFunctions({ manager }: Service): string {
  const command = manager.kind === "command" ? manager.command : "";
  const setting = manager.kind === "command" ? "registry.restartCommand" : "registry.service";
  const words = manager.kind === "command" ? ["command", "", ""] : [manager.kind, manager.name, manager.file];
  return `as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }
use_service() { kind=$1; unit=$2; definition=$3; domain=gui/$(id -u); agent=$domain/$unit; }
use_service ${words.map(quote).join(" ")}
elevated() { if [ $kind = systemd ]; then as_root "$@"; else "$@"; fi; }
restart_command() { sh -c ${quote(command)}; }
${COMMANDS}
# The output goes to a file: after a lost connection, printing it would make the command fail.
manage() {
  "$1" > "$work/manager" 2>&1 && return 0
  say "Restarting zot failed (setting ${setting}): exit code $?. $(tail -n 3 "$work/manager")"
  return 1
}
restart_zot() { manage restart; }
reload_zot() { manage reload; }
enable_zot() { manage enable; }
place_definition() {
  elevated mkdir -p "$(dirname "$definition")" && there=$(through "$definition") &&
    elevated cp "$1" "$there.zot-auth-new" && elevated chmod 644 "$there.zot-auth-new" && elevated mv -f "$there.zot-auth-new" "$there"
}
remove_definition() {
  there=$(through "$definition") && elevated rm -f "$there" "$there.zot-auth-new" || return 1
  case $kind in systemd*) ctl daemon-reload ;; esac
}`;
}

const COMMANDS = `loaded() { launchctl print "$agent" >/dev/null 2>&1; }
unloaded() { ! loaded; }
load() { launchctl bootstrap "$domain" "$definition"; }
# launchd returns before it has unloaded an agent, and refuses to load it until then.
unload() {
  if loaded; then launchctl bootout "$agent" || :; within 15 unloaded || { echo "Unloading it timed out after 15 s."; return 1; }; fi
}
# systemctl needs XDG_RUNTIME_DIR to find the user's manager, and an ssh session may lack it.
ctl() {
  if [ $kind = systemd ]; then as_root systemctl --no-ask-password "$@"
  else XDG_RUNTIME_DIR=\${XDG_RUNTIME_DIR:-/run/user/$(id -u)} systemctl --user "$@"; fi
}
restart() {
  case $kind in
  command) restart_command ;;
  launchd)
    if loaded; then launchctl kickstart -k "$agent"; return; fi
    if [ ! -f "$definition" ]; then echo "It is not loaded, and $definition does not exist."; return 1; fi
    load && launchctl kickstart "$agent" ;;
  # systemd does not start a unit that failed often until its failures are reset.
  *) ctl reset-failed "$unit" >/dev/null 2>&1 || :; ctl restart "$unit" ;;
  esac
}
reload() {
  case $kind in
  command) restart ;;
  launchd) unload && launchctl enable "$agent" && within 5 load && launchctl kickstart "$agent" ;;
  *) ctl daemon-reload && restart ;;
  esac
}
enable() {
  case $kind in
  command) ;;
  launchd) launchctl enable "$agent" ;;
  *) ctl enable "$unit" ;;
  esac
}
stop_zot() {
  case $kind in
  command) ;;
  launchd) unload >/dev/null 2>&1 || : ;;
  *) ctl stop "$unit" >/dev/null 2>&1 || : ;;
  esac
}
forget_zot() {
  case $kind in
  command) ;;
  launchd) unload >/dev/null 2>&1 || : ;;
  *) ctl disable --now "$unit" >/dev/null 2>&1 || : ;;
  esac
}
running() {
  case $kind in
  command) false ;;
  launchd) loaded ;;
  *) ctl is-active --quiet "$unit" ;;
  esac
}
# Without a running manager, in a container for example, systemd-analyze fails for other reasons than the file.
check_definition() {
  if [ $kind = launchd ]; then if command -v plutil >/dev/null 2>&1; then plutil -lint "$1"; fi; return; fi
  if ! command -v systemd-analyze >/dev/null 2>&1; then return 0; fi
  case $kind in systemd) set -- verify "$1" ;; *) set -- --user verify "$1" ;; esac
  systemd-analyze "$@" > "$work/analyzed" 2>&1 || ! grep -F "$unit.service:" "$work/analyzed"
}`;
