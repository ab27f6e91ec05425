import { quote } from "../shell/shell.ts";
import { FUNCTIONS } from "./functions.ts";

/**
 * Creates the file with the keys that protect zot's sessions if it does not exist, and prints its fingerprint. The keys are generated on the
 * host and never leave it. An existing file is kept; its keys' lengths, which `zot verify` ignores, are checked.
 *
 * If root deploys, the file belongs to the owner of zot's data, who runs zot. A record beside it says whether it is ours, and holds its
 * hash: a hand edit shows in the next preview, since zot must be restarted for it.
 *
 * @param repairs how often such an edit was adopted
 * @param number see {@link deploymentNumber}
 */
export function sessionKeysScript(file: string, dataDirectory: string, repairs: number, number = 0): string {
  return `${FUNCTIONS}
given=${quote(file)}; file=$(through "$given"); data=${quote(dataDirectory)}
umask 077
trap '' HUP PIPE
if [ ! -d "$(dirname "$file")" ]; then say "The folder $(dirname "$file") does not exist on zot's host (setting zot.auth.sessionKeysFile). Create it, or correct the setting."; exit 1; fi
gather "$given" "$file"
random() { { LC_ALL=C tr -dc 'A-Za-z0-9' < /dev/urandom || :; } 2>/dev/null | dd bs=1 count="$1" 2>/dev/null; }
made=$(field "$file.zot-auth" made); new=$file.zot-auth-new
if [ ! -f "$file" ]; then
  printf '{"hashKey":"%s","encryptKey":"%s"}\\n' "$(random 64)" "$(random 32)" > "$new"
  if [ "$(id -u)" = 0 ] && [ -d "$data" ]; then chown "$(ls -ld "$data" | awk '{print $3}')" "$new"; fi
  # Record first: without it, our file would stay for good; without the file, the record does no harm.
  made=yes; printf 'made=yes\\nplace=%s\\n' "\${as_host:+$as_host:$given}" > "$file.zot-auth"
  mv -f "$new" "$file"
fi
key_length() { tr -d '\\n' < "$file" | sed -n "s/.*\\"$1\\"[[:space:]]*:[[:space:]]*\\"\\([^\\"]*\\)\\".*/\\1/p" | awk '{print length}'; }
hash=$(key_length '[hH]ash[kK]ey'); encrypt=$(key_length '[eE]ncrypt[kK]ey')
case $encrypt in '' | 16 | 24 | 32) right=yes ;; *) right=no ;; esac
if [ "\${hash:-0}" -lt 32 ] || [ $right = no ]; then
  say "The session keys in $file (setting zot.auth.sessionKeysFile) have the wrong length: hashKey needs 32 characters or more, encryptKey 16, 24 or 32. zot would start, but no sign-in would last. Correct the file, or remove it to have a new one created."; exit 1
fi
printf 'written=%s\\nrepairs=%s\\nnumber=%s\\nmade=%s\\nplace=%s\\n' "$(sum "$file")" ${repairs} ${number} "\${made:-no}" "\${as_host:+$as_host:$given}" > "$new"
mv -f "$new" "$file.zot-auth"
printf '%s %s' "$(sum "$file" | cut -c1-16)" ${repairs}`;
}

/** Removes our file; an earlier one is kept. */
export function removeSessionKeysScript(file: string): string {
  return `${FUNCTIONS}
given=${quote(file)}; file=$(through "$given") || file=$given
gather "$given" "$file"
if grep -q made=yes "$file.zot-auth" 2>/dev/null; then rm -f "$file"; fi
rm -f "$file.zot-auth" "$file.zot-auth-new"`;
}
