import { definitionFunctions } from "../service/definition.ts";
import { putOriginalSecret } from "../files/secretFile.ts";
import { servingZot } from "./serving.ts";
import type { ServingZot } from "./serving.ts";

/**
 * Restores the state before the first deployment: the config, the credentials that it names, and the service file if we manage it. If there was none, it removes ours and
 * stops the service that we manage; a zot that runs otherwise keeps running. It can be interrupted at any step and resumed.
 */
export function removeScript(serving: ServingZot): string {
  return `${servingZot(serving)}
${definitionFunctions(serving.service, 0)}
before=$config.before-zot-auth
undo() { :; }
restore_service replace
if [ -f "$before" ]; then
  # The canary distinguishes the zot that runs now from the next one.
  if [ -f "$config" ] && ready && with_canary "$config" > "$work/canary.json" 2>/dev/null; then
    put "$work/canary.json" "$config" && within $reload_seconds canary_on || :
  fi
  ${putOriginalSecret(serving.credentialsFile)}
  replace "$before" "$config"
  listen_as "$config"
  mark_log
  # If there was no service before, nothing would run zot.
  [ $gone = yes ] || { { if [ $service_changed = yes ]; then reload_zot; else restart_zot; fi; } && within $ready_seconds ready_and canary_off; } || {
    say "zot does not serve at $origin with its config from before zot-auth, which was restored. Correct that config, or start zot, and run again."; last_words; exit 1
  }
elif [ -f "$config.zot-auth" ]; then
  rm -f "$config"
  if ready; then say "There was no config before zot-auth, so $config was removed. zot keeps running with the config that it has loaded. Once it stops, it does not start without a new config."; fi
fi
${FORGET}`;
}

/** Removes the companions of the config and the service file. Without a record the original is ignored, and with a record but no original the config is ours. */
export const FORGET = `rm -f "$config.previous" "$config.zot-auth" "$service.previous" "$service.zot-auth"
rm -f "$before" "$service.before-zot-auth" "$service.origin" "$config".*.zot-auth-new`;
