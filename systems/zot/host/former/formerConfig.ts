import { FORGET } from "../deploy/remove.ts";
import { servingZot } from "../deploy/serving.ts";
import type { ServingZot } from "../deploy/serving.ts";
import { definitionFunctions } from "../service/definition.ts";
import { putOriginalSecret } from "../files/secretFile.ts";
import { quote } from "../shell/shell.ts";

/**
 * Restores a config's place as it was before the first deployment there, when zot is deployed elsewhere. A zot that still runs with that config is restarted
 * with the original. If it does not start, that is a message and no error: it is no longer the registry. It can be interrupted at any step and resumed.
 *
 * @param served the config file that our service file starts zot with instead, if it is another one
 */
export function restoreFormerConfigScript(serving: ServingZot, served: string | undefined): string {
  return `${servingZot(serving, NO_FOLDER)}
${definitionFunctions(serving.service, 0)}
before=$config.before-zot-auth
gone=no; running=unknown
undo() { :; }
${served === undefined ? FIND_RUNNING : handOver(served)}
${served === undefined ? RESTORE_DEFINITION : ""}
if [ -f "$before" ]; then
  replace "$before" "$config"
  listen_as "$config"
  mark_log
  if [ $gone = no ] && [ $running != no ]; then
    # A first deployment that was killed, and a destroy.
    ${putOriginalSecret(serving.credentialsFile)}
    { if [ $service_changed = yes ]; then reload_zot; else restart_zot; fi; } && within $ready_seconds ready_and canary_off || {
      say "zot does not serve at $origin with the config from before zot-auth, which was restored to $config."; last_words
    }
  fi
elif [ -f "$config.zot-auth" ]; then rm -f "$config"; fi
${FORGET}`;
}

const NO_FOLDER = `if [ ! -d "$(dirname "$config")" ]; then exit 0; fi`;

/**
 * Whether a zot runs with this config: it would reload the canary. The answer stays unknown after an interruption, when the canary or the original is there
 * already.
 */
const FIND_RUNNING = `if [ -f "$before" ] && [ -f "$config" ] && ! cmp -s "$before" "$config" && with_canary "$config" > "$work/canary.json" 2>/dev/null; then
  running=no
  if ready && put "$work/canary.json" "$config" && within $reload_seconds canary_on; then running=yes; fi
fi`;

/** The service file's original stays with the config that the service runs with. */
function handOver(served: string): string {
  return `running=no; now=$(through ${quote(served)}).service
load_origin "$service.zot-auth"
if [ -f "$service.origin" ] && [ -f "$now.zot-auth" ] && [ -z "$(field "$now.zot-auth" origin_kind)" ]; then
  { grep -v '^origin_' "$now.zot-auth" || :; printf '%s=%s\\n' origin_kind "$origin_kind" origin_unit "$origin_unit" origin_file "$origin_file"; } > "$work/record"
  place "$service.origin" "$now.origin" && place "$work/record" "$now.zot-auth"
fi
if [ -f "$service.before-zot-auth" ] && [ -f "$now.zot-auth" ] && [ ! -f "$now.before-zot-auth" ]; then place "$service.before-zot-auth" "$now.before-zot-auth"; fi`;
}

/** A service file that somebody else wrote since stays. The original service is not started where another zot serves by now. */
const RESTORE_DEFINITION = `restore_service keep
if [ $service_changed = yes ]; then
  stop_zot
  if ready; then running=no; forget_zot; else running=yes; fi
fi`;
