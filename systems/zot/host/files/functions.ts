/**
 * Shell functions that every script begins with. POSIX sh with the tools that macOS (bash 3.2 as sh, BSD tools), busybox and every Linux have.
 *
 * - `say` prints for the person at the terminal. It never fails, so that a lost connection does not stop the script half-way.
 * - `field <record> <name>` reads one line of a record.
 * - `through <file>` prints the target of a symbolic link, so that writes go to the target. It fails if links lead in a circle.
 * - `gather <name> <file>` moves the companions of a file, which an earlier version left beside a symbolic link to it.
 * - `place <new> <file>` replaces a file by a copy atomically: readers see the old file or the new one.
 * - `get <url>` prints a document. `status <url>` prints the status of zot's response on this host (`000` for none), `body <url>` its body.
 * - `within <seconds> <command>` repeats a command until it succeeds.
 */
export const FUNCTIONS = `set -eu
say() { printf '%s\\n' "$*" >&2 || :; }
digest() { if command -v sha256sum >/dev/null 2>&1; then sha256sum; else shasum -a 256; fi | cut -c1-64; }
sum() { digest < "$1" || :; }
field() {
  if [ ! -f "$1" ]; then return; fi
  # Not by sed: a script asks twenty times, and each would be a process.
  while IFS= read -r line || [ -n "$line" ]; do
    case $line in "$2="*) printf '%s\\n' "\${line#"$2="}" ;; esac
  done < "$1"
}
through() {
  at=$1; links=0
  while [ -L "$at" ]; do
    links=$(( links + 1 ))
    # As many as Linux follows.
    if [ $links -gt 40 ]; then say "$1 is a symbolic link that leads back to itself. Correct it."; return 1; fi
    to=$(readlink "$at")
    case $to in /*) at=$to ;; *) at=$(dirname "$at")/$to ;; esac
  done
  printf '%s\\n' "$at"
}
gather() {
  if [ "$1" = "$2" ] || [ ! -f "$1.zot-auth" ]; then return; fi
  # The record last: a kill before it leaves the rest to the next run.
  for kind in .before-zot-auth .previous .service.before-zot-auth .service.previous .service.zot-auth .zot-auth; do
    if [ ! -f "$1$kind" ]; then :
    elif [ -f "$2.zot-auth" ]; then rm -f "$1$kind"
    else mv -f "$1$kind" "$2$kind"; fi
  done
}
place() {
  there=$(through "$2") || return 1
  cp -p "$1" "$there.zot-auth-new" && mv -f "$there.zot-auth-new" "$there"
}
get() {
  if command -v curl >/dev/null 2>&1; then curl -q -fsSL -m 10 "$1"; else timeout 10 wget -q -O - "$1"; fi
}
# zot's certificate is for its public name and not for this address, so it is not verified; nothing secret is sent. No proxy is used.
curl_zot() { curl -q -s -k -m 10 --noproxy '*' "$@"; }
# wget -T of busybox crashes on Debian 12, so timeout limits the time.
wget_zot() {
  ( unset http_proxy https_proxy all_proxy
    case $1 in https:*) set -- "$@" --no-check-certificate ;; esac
    timeout 10 wget -S -O - "$@" )
}
status() {
  if command -v curl >/dev/null 2>&1; then curl_zot -o /dev/null -w '%{http_code}' "$1" || :
  else wget_zot "$1" 2>&1 >/dev/null | sed -n 's|.*HTTP/[0-9.]* \\([0-9][0-9][0-9]\\).*|\\1|p' | head -n 1; fi
}
body() {
  if command -v curl >/dev/null 2>&1; then curl_zot -f "$1"; else wget_zot "$1" 2>/dev/null; fi
}
within() {
  end=$(( $(date +%s) + $1 )); shift
  until "$@"; do
    if [ "$(date +%s)" -gt "$end" ]; then return 1; fi
    sleep 0.1
  done
}`;
