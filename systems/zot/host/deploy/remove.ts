import { definitionFunctions } from "../service/definition.ts";
import { servingZot } from "./serving.ts";
import type { ServingZot } from "./serving.ts";

/**
 * Puts back what was there before the first deployment: the config, and the service's file where that is ours. Where there was none, ours is
 * removed, and a service of ours is stopped; a zot that runs otherwise runs on. Run again after a kill at any step, it finishes.
 */
export function removeScript(serving: ServingZot): string {
  return `${servingZot(serving)}
${definitionFunctions(serving.service, 0)}
service=$config.service
before=$config.before-zot-auth
gone=no
undo() { :; }
${serving.service.definition === undefined ? "" : REMOVE_DEFINITION}
if [ -f "$before" ]; then
  # With the canary on first, the zot that runs now is told from the one that comes.
  if [ -f "$config" ] && ready && with_canary "$config" > "$work/canary.json" 2>/dev/null; then
    put "$work/canary.json" "$config" && within $reload_seconds canary_on || :
  fi
  replace "$before" "$config"
  listen_as "$config"
  mark_log
  # Where there was no service before, nothing is there that would run zot.
  [ $gone = yes ] || { { if [ $service_changed = yes ]; then reload_zot; else restart_zot; fi; } && within $ready_seconds ready_and canary_off; } || {
    say "zot did not come up at $origin with the config of the time before zot-auth, which is back in place. Correct it, or start zot, and run this again."; last_words; exit 1
  }
elif [ -f "$config.zot-auth" ]; then rm -f "$config"; fi
# In this order: without its record the copy of before is not looked at, and with a record and no copy the config is ours.
rm -f "$config.previous" "$config.zot-auth" "$service.previous" "$service.zot-auth"
rm -f "$before" "$service.before-zot-auth"`;
}

const REMOVE_DEFINITION = `if [ -f "$service.before-zot-auth" ]; then
  service_changed=yes; place_definition "$service.before-zot-auth"
elif [ -f "$service.zot-auth" ] || [ ! -f "$definition" ]; then gone=yes; forget_zot; remove_definition; fi`;
