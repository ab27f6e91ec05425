import { answeringFunctions } from "./answering.ts";

/**
 * Shell functions that prove, by zot's responses, that exactly the written file is active: without credentials, and with any policy.
 *
 * First a copy of the config is written with two more repositories, whose names contain a number of this run: one is public and one is
 * closed. Once zot has loaded this file, anonymous requests for their tags return 404 and 401. Then the config itself is written; it is in
 * force when both requests return the same status. In zot the longest name wins, so no other rule interferes.
 *
 * `with_canary <config>` prints the copy; `canary_on` and `canary_off` test which file is active.
 *
 * While the copy is active (a fraction of a second), `/v2/` returns 200 to anyone even on a registry without anonymous access; that
 * gives access to no image.
 *
 * @param origin zot's address on its own host: `http://127.0.0.1:5000`
 */
export function proofFunctions(origin: string): string {
  return `nonce=$$_$(date +%s)
${answeringFunctions(origin)}
# We wrote the config with an indentation of two spaces, so this line is http.accessControl.repositories.
with_canary() {
  if [ "$(grep -c '^      "repositories": {$' "$1")" != 1 ]; then say "The config has no http.accessControl.repositories, so it cannot be proved to be in force."; return 1; fi
  sed "s|^      \\"repositories\\": {\\$|&\\"zot_auth_canary/open_$nonce\\":{\\"anonymousPolicy\\":[\\"read\\"]},\\"zot_auth_canary/closed_$nonce\\":{\\"anonymousPolicy\\":[]},|" "$1"
}
answer() { status "$origin/v2/zot_auth_canary/$1_$nonce/tags/list"; }
canary_on() { [ "$(answer open)" = 404 ] && [ "$(answer closed)" = 401 ]; }
canary_off() {
  same=$(answer closed)
  case $same in 401 | 404) [ "$(answer open)" = "$same" ] ;; *) false ;; esac
}
ready_and() { ready && "$1"; }`;
}
