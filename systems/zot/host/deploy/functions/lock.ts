/**
 * `lock <config> <seconds>` creates the run's working folder, which is also the lock: two runs never deploy at once. A killed run leaves it
 * behind; the next run takes over if that process has ended. It waits for one that is still running, for example after a lost ssh connection.
 */
export const LOCK = `# kill -0 also fails for another user's process.
alive() { kill -0 "$1" 2>/dev/null || [ -d "/proc/$1" ] || ps -p "$1" >/dev/null 2>&1; }
lock() {
  work=$1.zot-auth-work
  if [ ! -d "$(dirname "$1")" ]; then say "The folder $(dirname "$1") does not exist on zot's host (setting registry.configFile). Create it, or correct the setting."; exit 1; fi
  waited=$(( $(date +%s) + $2 )); absent=0
  until mkdir "$work" 2>/dev/null; do
    if [ ! -d "$work" ]; then
      # Its owner may have left just now; a user without write access never gets it.
      absent=$(( absent + 1 ))
      if [ $absent -gt 20 ]; then say "$(id -un) has insufficient permissions to create $work (setting registry.configFile). Grant write access to that folder."; exit 1; fi
      sleep 0.1; continue
    fi
    absent=0
    holder=$(cat "$work/pid" 2>/dev/null || { sleep 1; cat "$work/pid" 2>/dev/null || :; })
    if [ -z "$holder" ] || ! alive "$holder"; then
      # Of two runs that take over at once, one moves it; a run that came in between keeps it.
      if [ "$(cat "$work/pid" 2>/dev/null || :)" = "$holder" ] && mv "$work" "$work.$$" 2>/dev/null; then rm -rf "$work.$$"; fi
    elif [ "$(date +%s)" -gt $waited ]; then
      say "Another deployment runs on zot's host (process $holder). Run again when it has ended; if that process is not a deployment, remove $work."; exit 1
    else sleep 0.2; fi
  done
  printf '%s' $$ > "$work/pid"
}`;
