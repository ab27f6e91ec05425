import { quote } from "../../shell/shell.ts";

/**
 * Shell functions about whether zot serves. `ready` calls zot's own health check. `listen_as <config>` makes it ask where a zot with that config listens.
 *
 * @param origin zot's address on its own host: `http://127.0.0.1:5000`
 */
export function answeringFunctions(origin: string): string {
  return `origin=${quote(origin)}
# A zot with another config listens on the same address, at that config's port.
listen_as() {
  port=$(tr -d '\\n' < "$1" | sed -n 's/.*"[Pp]ort"[[:space:]]*:[[:space:]]*"\\([0-9][0-9]*\\)".*/\\1/p')
  scheme=http; if grep -q '"tls"[[:space:]]*:' "$1"; then scheme=https; fi
  rest=\${origin#*://}
  origin=$scheme://\${rest%:*}:\${port:-\${rest##*:}}
}
ready() { [ "$(status "$origin/readyz")" = 200 ]; }`;
}
