import { quote } from "../shell/shell.ts";
import type { HostFiles } from "./files.ts";
import { FUNCTIONS } from "./functions.ts";

/**
 * A credentials file from before the first deployment is kept beside it, as `<file>.before-zot-auth`: the original config needs it. The record is written
 * first, as pending, so that a run that is killed never takes our own file for the original.
 */
const KEEP = `if [ ! -f "$file.zot-auth" ]; then
  if [ -f "$file" ] && [ ! -f "$file.before-zot-auth" ] && ! cmp -s "$new" "$file"; then place "$file" "$file.before-zot-auth"; fi
  printf 'written=\\nrepairs=0\\nstate=pending\\nplace=%s\\n' "\${as_host:+$as_host:$given}" > "$file.zot-auth-record"; mv -f "$file.zot-auth-record" "$file.zot-auth"
fi`;

/**
 * Writes the credentials on standard input to a file that only its owner can read, and prints its fingerprint. If root deploys, the file
 * belongs to the owner of zot's data, who runs zot.
 *
 * @param repairs how often hand edits of the file were repaired
 * @param number see {@link deploymentNumber}
 */
export function secretFileScript(
  { credentialsFile, dataDirectory }: Pick<HostFiles, "credentialsFile" | "dataDirectory">,
  repairs: number,
  number = 0,
): string {
  return `${FUNCTIONS}
given=${quote(credentialsFile)}; file=$(through "$given"); data=${quote(dataDirectory)}
umask 077
trap '' HUP PIPE
if [ ! -d "$(dirname "$file")" ]; then say "The folder $(dirname "$file") does not exist on zot's host (setting registry.credentialsFile). Create it, or correct the setting."; exit 1; fi
gather "$given" "$file"
new=$file.zot-auth-new
cat > "$new"
# A lost connection looks like the end of the input.
if [ "$(tail -n 1 "$new")" != '}' ]; then rm -f "$new"; say "The credentials arrived incomplete; nothing was changed. Run again."; exit 1; fi
${KEEP}
if [ "$(id -u)" = 0 ] && [ -d "$data" ]; then chown "$(ls -ld "$data" | awk '{print $3}')" "$new"; fi
mv -f "$new" "$file"
printf 'written=%s\\nrepairs=%s\\nnumber=%s\\nplace=%s\\n' "$(sum "$file")" ${repairs} ${number} "\${as_host:+$as_host:$given}" > "$new"
mv -f "$new" "$file.zot-auth"
printf '%s %s' "$(sum "$file" | cut -c1-16)" ${repairs}`;
}

/** Restores the file from before the first deployment, or removes ours if there was none. */
export function removeSecretFileScript(file: string): string {
  return `${FUNCTIONS}
given=${quote(file)}; file=$(through "$given") || file=$given
gather "$given" "$file"
rm -f "$file.zot-auth-new" "$file.zot-auth-record" "$file.before-zot-auth.zot-auth-new"
# In an order in which a kill never makes the restored file look like ours.
if [ -f "$file.before-zot-auth" ]; then rm -f "$file.zot-auth"; mv -f "$file.before-zot-auth" "$file"
elif [ -f "$file.zot-auth" ]; then rm -f "$file"; rm -f "$file.zot-auth"; fi`;
}

/**
 * Puts the file from before the first deployment in its place, for a zot that is about to start with its original config. Its copy and the record stay: a deployment
 * after an interrupted destroy sees an edited file and writes it again, and {@link removeSecretFileScript} does the rest.
 */
export function putOriginalSecret(file: string | undefined): string {
  if (file === undefined) return ":";
  return `(
  given=${quote(file)}; file=$(through "$given") || file=$given
  gather "$given" "$file"
  if [ -f "$file.before-zot-auth" ]; then place "$file.before-zot-auth" "$file"; fi
)`;
}
