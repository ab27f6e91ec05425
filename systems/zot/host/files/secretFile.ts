import { quote } from "../shell/shell.ts";
import type { HostFiles } from "./files.ts";
import { FUNCTIONS } from "./functions.ts";

/**
 * Writes the credentials on standard input to a file that only its owner can read, and prints its fingerprint. If root deploys, the file
 * belongs to the owner of zot's data, who runs zot.
 *
 * @param repairs how often hand edits of the file were repaired
 */
export function secretFileScript(
  { credentialsFile, dataDirectory }: Pick<HostFiles, "credentialsFile" | "dataDirectory">,
  repairs: number,
): string {
  return `${FUNCTIONS}
file=${quote(credentialsFile)}; data=${quote(dataDirectory)}
umask 077
trap '' HUP PIPE
if [ ! -d "$(dirname "$file")" ]; then say "The folder $(dirname "$file") does not exist on zot's host (setting registry.credentialsFile). Create it, or correct the setting."; exit 1; fi
new=$(through "$file").zot-auth-new
cat > "$new"
# A lost connection looks like the end of the input.
if [ "$(tail -n 1 "$new")" != '}' ]; then rm -f "$new"; say "The credentials arrived incomplete; nothing was changed. Run again."; exit 1; fi
if [ "$(id -u)" = 0 ] && [ -d "$data" ]; then chown "$(ls -ld "$data" | awk '{print $3}')" "$new"; fi
mv -f "$new" "$(through "$file")"
printf 'written=%s\\nrepairs=%s\\n' "$(sum "$file")" ${repairs} > "$new"
mv -f "$new" "$file.zot-auth"
printf '%s %s' "$(sum "$file" | cut -c1-16)" ${repairs}`;
}

export function removeSecretFileScript(file: string): string {
  return `rm -f ${quote(file)} ${quote(`${file}.zot-auth`)} ${quote(`${file}.zot-auth-new`)}`;
}
