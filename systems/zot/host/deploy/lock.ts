/**
 * `lock <config> <seconds>` makes the folder that a run works in, which is the lock, too: two runs never deploy at once. A run that was killed
 * leaves it behind; whoever finds its process gone takes over. One that still works (its ssh connection was lost, say) is waited for.
 */
export const LOCK = `lock() {
  work=$1.zot-auth-work
  if [ ! -d "$(dirname "$1")" ]; then say "There is no folder $(dirname "$1") on zot's host (setting registry.configFile). Make it, or correct the setting."; exit 1; fi
  waited=$(( $(date +%s) + $2 )); absent=0
  until mkdir "$work" 2>/dev/null; do
    if [ ! -d "$work" ]; then
      # The one who had it may have left just now; who may not write there never gets it.
      absent=$(( absent + 1 ))
      if [ $absent -gt 20 ]; then say "$work cannot be made (setting registry.configFile): $(id -un) may not write into that folder."; exit 1; fi
      sleep 0.1; continue
    fi
    absent=0
    holder=$(cat "$work/pid" 2>/dev/null || { sleep 1; cat "$work/pid" 2>/dev/null || :; })
    if [ -z "$holder" ] || ! kill -0 "$holder" 2>/dev/null; then
      # Of two that take over at once, one moves it; and somebody who came in the meantime keeps it.
      if [ "$(cat "$work/pid" 2>/dev/null || :)" = "$holder" ] && mv "$work" "$work.$$" 2>/dev/null; then rm -rf "$work.$$"; fi
    elif [ "$(date +%s)" -gt $waited ]; then
      say "Another deployment is under way on zot's host (process $holder). Run this again when it has ended; if it is none, remove $work."; exit 1
    else sleep 0.2; fi
  done
  printf '%s' $$ > "$work/pid"
}`;
