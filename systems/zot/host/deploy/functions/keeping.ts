/**
 * Shell functions that change a file so that a kill between any two steps leaves a complete one, and keep the earlier content.
 *
 * Each file that we write has companions under a common stem: `<stem>.zot-auth`, the record (hash of what we wrote and proved, what zot was
 * started with, how many hand edits were repaired, the host and path that the settings name, and `state=pending` during a deployment); `<stem>.previous`, what served before
 * according to the record; `<stem>.before-zot-auth`, what was there before the first deployment.
 *
 * - `put <new> <file>` writes in place, since zot watches the inode. One write(2) without truncation writes the new text, padded with line ends
 *   to the length of the old one, and then the padding is cut: a kill between the two leaves the same JSON.
 * - `replace <new> <file>` replaces the old file atomically, with the same owner and mode: for a zot that is restarted. The running one does not see
 *   it, so its responses are never mistaken for those of the new one.
 * - `keep <file> <stem> <new> <found>` keeps the file's content, and sets `back` to the copy that a rollback restores (empty: there is
 *   none). A hand edit is kept as `<found>` in the run's folder, since it may never have served. A file that is the new one already, copied here by
 *   hand from an earlier place of ours, is no original.
 * - `note <stem> <written> <start> <repairs> <state>` writes the record atomically, with the deployment's `number`.
 */
export const KEEPING = `put() {
  size=$(( $(wc -c < "$1") )); pad=$(( $(wc -c < "$2") - size ))
  if [ $pad -lt 0 ]; then pad=0; fi
  # From a file: a pipe would give dd the text in pieces.
  if { cat "$1"; if [ $pad -gt 0 ]; then printf "%\${pad}s" '' | tr ' ' '\\n'; fi; } > "$work/padded" &&
    dd if="$work/padded" of="$2" bs=$(( size + pad )) conv=notrunc 2> "$work/dd" &&
    dd if=/dev/null of="$2" bs=1 seek=$size 2> "$work/dd" &&
    cmp -s "$1" "$2"; then return 0; fi
  say "$2 could not be written: $(tail -n 1 "$work/dd")"; return 1
}
replace() {
  there=$(through "$2") || return 1
  if [ -f "$there" ]; then cp -p "$there" "$there.zot-auth-new"; else : > "$there.zot-auth-new" && chmod 644 "$there.zot-auth-new"; fi &&
    cat "$1" > "$there.zot-auth-new" && mv -f "$there.zot-auth-new" "$there"
}
keep() {
  back=
  if [ ! -f "$2.zot-auth" ]; then
    rm -f "$2.previous" "$2.before-zot-auth"
    if [ -f "$1" ] && cmp -s "$1" "$3"; then back=$3
    elif [ -f "$1" ]; then back=$2.before-zot-auth; place "$1" "$back"; fi
    return
  fi
  if [ -f "$1" ] && [ "$(field "$2.zot-auth" written)" = "$(sum "$1")" ]; then
    if cmp -s "$1" "$3"; then back=$3; else back=$2.previous; place "$1" "$back"; fi
    return
  fi
  if [ -f "$1" ] && [ "$(field "$2.zot-auth" state)" != pending ]; then
    back=$work/$4; cp -p "$1" "$back"
    return
  fi
  for kept in "$2.previous" "$2.before-zot-auth"; do
    if [ -f "$kept" ]; then back=$kept; return; fi
  done
}
note() {
  printf 'written=%s\\nstart=%s\\nrepairs=%s\\nstate=%s\\nnumber=%s\\nplace=%s\\n' "$2" "$3" "$4" "$5" "$number" "\${as_host:+$as_host:$given}" > "$work/record" && place "$work/record" "$1.zot-auth"
}`;
