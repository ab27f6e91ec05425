import { quote } from "../shell/shell.ts";
import type { Service } from "./service.ts";

/**
 * Shell functions that quote zot's log in the error message after zot failed.
 *
 * - `gist` reads zot's output and prints at most five lines: errors and panics. zot logs session cookies in clear text with each request, and
 *   its whole config when it starts, so it selects lines that are known to be errors and drops everything else.
 * - `mark_log` remembers where zot's log ends; `last_words` prints the gist of what follows.
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
  if (manager.kind !== "command") return "zot has logged no error since then.";
  return logs.length > 0
    ? `zot has logged no error to ${logs.join(", ")} since then.`
    : "See zot's log on its host. To have it quoted here, name its file in zot.log.output.";
}
