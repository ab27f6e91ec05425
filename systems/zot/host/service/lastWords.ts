import { quote } from "../shell.ts";
import type { Service } from "./service.ts";

/**
 * What zot said before it failed, for the error message.
 *
 * - `gist` reads zot's output and prints at most five lines: errors and panics. zot logs session cookies in clear in its lines on requests, and
 *   its whole config at the start; so lines are picked, and nothing goes through that is not known to be an error.
 * - `mark_log` remembers where zot's log ends now; `last_words` prints the gist of what came since.
 */
export function lastWordsFunctions(service: Service): string {
  return `gist() {
  { grep -E '"level":"(error|fatal|panic)"|^(panic|fatal error|Error):|Failed at step|Main process exited' || :; } |
    { grep -v -i -e 'HTTP API' -e cookie -e '"headers"' -e '"params"' -e 'http: Server closed' || :; } |
    sed -e 's/"time":"[^"]*",//' -e 's/,"goroutine":[0-9]*//' -e 's/,"caller":"[^"]*"//' -e 's/,"func":"[^"]*"//' |
    awk '!seen[$0]++' | cut -c1-500 | tail -n 5
}
log_files() {
${service.logs.map((file) => `  printf '%s\\n' ${quote(file)}`).join("\n")}
${service.manager.kind === "launchd" ? `  launchctl print "$agent" 2>/dev/null | sed -n -e 's/^[[:space:]]*std[a-z]* path = //p' || :` : "  :"}
}
mark_log() {
  since=$(date +%s)
  log_files | awk '!seen[$0]++' > "$work/logs"
  while IFS= read -r file; do
    if [ -f "$file" ]; then printf '%s %s\\n' $(( $(wc -c < "$file") )) "$file"; else printf '0 %s\\n' "$file"; fi
  done < "$work/logs" > "$work/marks"
}
new_log() {
  while IFS=' ' read -r size file; do
    if [ -f "$file" ]; then tail -c +$(( size + 1 )) "$file"; fi
  done < "$work/marks"
  ${journal(service)}
}
last_words() {
  new_log 2>/dev/null | gist > "$work/words" || :
  if [ -s "$work/words" ]; then say "zot says:"; cat "$work/words" >&2 || :
  else say ${quote(nothingSaid(service))}; fi
}`;
}

function journal({ manager }: Service): string {
  switch (manager.kind) {
    case "systemd":
      return `as_root journalctl -u ${quote(manager.name)} --since "@$since" -o cat --no-pager -q || :`;
    case "systemd-user":
      return `journalctl --user-unit ${quote(manager.name)} --since "@$since" -o cat --no-pager -q || :`;
    default:
      return ":";
  }
}

function nothingSaid({ manager, logs }: Service): string {
  if (manager.kind !== "command") return "zot's log has no error since then.";
  return logs.length > 0
    ? `zot's log ${logs.join(", ")} has no error since then.`
    : "Where zot's log is, the settings do not say: see it on zot's host.";
}
