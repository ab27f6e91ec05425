import { quote } from "../shell.ts";

/**
 * The proof by behaviour that exactly the file which was written is in force, without credentials and whatever the policy says.
 *
 * First a copy of the config is written with two repositories more, whose names hold a number of this run: one that anybody may read and one
 * that nobody may. Anonymous questions for their tags are answered 404 and 401 by a zot that has taken over this very file. Then the config
 * itself is written; it is in force when both are answered the same again. The longest name wins in zot, so no other rule is in the way.
 *
 * `with_canary <config>` prints the copy; `canary_on` and `canary_off` ask. `ready` asks zot's own health check.
 *
 * While the copy is in force (a fraction of a second) `/v2/` answers 200 to anybody also on a registry without anonymous access; no image can
 * be read by that.
 *
 * @param origin zot's address as its own host sees it: `http://127.0.0.1:5000`
 */
export function proofFunctions(origin: string): string {
  return `nonce=$$_$(date +%s)
origin=${quote(origin)}
# The config's text is ours: two spaces a level, so that this line is http.accessControl.repositories.
with_canary() {
  if [ "$(grep -c '^      "repositories": {$' "$1")" != 1 ]; then say "The config has no http.accessControl.repositories that could be proved."; return 1; fi
  sed "s|^      \\"repositories\\": {\\$|&\\"zot_auth_canary/open_$nonce\\":{\\"anonymousPolicy\\":[\\"read\\"]},\\"zot_auth_canary/closed_$nonce\\":{\\"anonymousPolicy\\":[]},|" "$1"
}
answer() { status "$origin/v2/zot_auth_canary/$1_$nonce/tags/list"; }
canary_on() { [ "$(answer open)" = 404 ] && [ "$(answer closed)" = 401 ]; }
canary_off() {
  same=$(answer closed)
  case $same in 401 | 404) [ "$(answer open)" = "$same" ] ;; *) false ;; esac
}
# Where a zot with another config listens: on the same address, at that config's port.
listen_as() {
  port=$(tr -d '\\n' < "$1" | sed -n 's/.*"[Pp]ort"[[:space:]]*:[[:space:]]*"\\([0-9][0-9]*\\)".*/\\1/p')
  scheme=http; if grep -q '"tls"[[:space:]]*:' "$1"; then scheme=https; fi
  rest=\${origin#*://}
  origin=$scheme://\${rest%:*}:\${port:-\${rest##*:}}
}
ready() { [ "$(status "$origin/readyz")" = 200 ]; }
ready_and() { ready && "$1"; }`;
}
