import { quote } from "../shell.ts";
import { definitionFunctions } from "../service/definition.ts";
import { servingZot } from "./serving.ts";
import type { ServingZot } from "./serving.ts";

/** How a deployed config is brought into force. */
export interface Deployment extends ServingZot {
  readonly binary: string;
  /** Digest of what zot reads only at its start. */
  readonly startDigest: string;
  /** Says which credentials zot has to be started with. */
  readonly credentials: string;
  /** How often hand edits of the config, and of the service's file, were repaired. */
  readonly repairs: number;
  readonly serviceRepairs: number;
  /** The issuer in zot's config: zot does not start when its discovery document does not say exactly this. */
  readonly issuer: string;
}

/**
 * Brings the config on standard input into force, or leaves the previous one in force and says why.
 *
 * The host's own zot verifies it first. What was there is kept. zot takes the new config over by itself, or is restarted where it reads a
 * change only at its start; that this very file is in force is proved by what zot answers. Whatever fails, the previous config comes back.
 * A kill at any step leaves a config that zot starts with, and the next run finishes.
 */
export function deployScript(deployment: Deployment): string {
  const { binary, startDigest, credentials, repairs, service, serviceRepairs, issuer } = deployment;
  return `${servingZot(deployment)}
${definitionFunctions(service, serviceRepairs)}
zot=${quote(binary)}; start=${quote(`${startDigest} ${credentials}`)}; issuer=${quote(issuer)}
${ISSUER}
${UNDO}
new=$work/new.json; phase1=$work/canary.json
cat > "$new"
if [ "$(tail -n 1 "$new")" != '}' ]; then say "The new config did not arrive as a whole, so nothing was changed. Run this again."; exit 1; fi
if ! command -v "$zot" >/dev/null 2>&1; then say "There is no zot at $zot (setting registry.binary), so nothing was changed. Install it, or correct the setting."; exit 1; fi
with_canary "$new" > "$phase1"
for file in "$new" "$phase1"; do
  if ! "$zot" verify "$file" > "$work/verified" 2>&1; then
    say "zot does not accept the new config, so nothing was changed. It says:"; gist < "$work/verified" >&2 || :; exit 1
  fi
done
compare_service
recorded() { field "$config.zot-auth" "$1"; }
# What zot runs with is known only by the record of a run that came to its end.
restart=yes
if [ -f "$config" ] && [ $service_changed = no ] && [ "$(recorded start)" = "$start" ] && [ "$(recorded state)" != pending ] &&
  [ "$(recorded written)" = "$(sum "$config")" ]; then restart=no; fi
if [ $restart = yes ]; then issuer_answers || { say "Nothing was changed."; exit 1; }; fi

settled=; if [ -f "$config.zot-auth" ]; then settled=$work/settled; cp -p "$config.zot-auth" "$settled"; fi
keep "$config" "$config" "$new" found.json; config_back=$back
keep_service
note "$config" "$(recorded written)" "$(recorded start)" "$(recorded repairs)" pending
changing=yes
write_service
if [ $restart = no ]; then
  put "$phase1" "$config"
  if ! within $reload_seconds canary_on; then
    say "zot does not take over the new config by itself: the file that it watches was replaced, by an editor, say. So it is restarted."
    issuer_answers || exit 1
    restart=fallback
  fi
else replace "$phase1" "$config"; fi
if [ $restart != no ]; then start_anew || exit 1; within $ready_seconds ready_and canary_on || { not_in_force; exit 1; }; fi
put "$new" "$config"
if ! within $reload_seconds ready_and canary_off; then
  issuer_answers && start_anew || exit 1
  within $ready_seconds ready_and canary_off || { not_in_force; exit 1; }
fi
settle_service
note "$config" "$(sum "$new")" "$start" ${repairs} settled
changing=no
printf '%s\\n' "zot serves the new config (restart: $restart)" || :`;
}

/** `issuer_answers` asks before a restart what zot will ask at its start. */
const ISSUER = `issuer_answers() {
  discovery=\${issuer%/}/.well-known/openid-configuration
  if ! get "$discovery" > "$work/issuer" 2> "$work/issuer.error"; then
    say "The OIDC issuer does not answer at $discovery from zot's host, and zot does not start without it: $(tail -n 1 "$work/issuer.error"). Check authentik.url, and the application in Authentik."; return 1
  fi
  named=$(tr -d '\\n' < "$work/issuer" | sed -n -e 's|\\\\/|/|g' -e 's/.*"issuer"[[:space:]]*:[[:space:]]*"\\([^"]*\\)".*/\\1/p')
  if [ "$named" != "$issuer" ]; then
    say "The document at $discovery says that the issuer is \\"$named\\", and zot's config says \\"$issuer\\". zot compares them byte by byte, the slash at the end, too, and does not start when they differ. Check authentik.url and authentik.application."; return 1
  fi
}`;

/** `undo` brings back what was in force before, and says how that went. */
const UNDO = `start_anew() {
  restarted=yes; mark_log
  if [ $service_changed = yes ]; then reload_zot; else restart_zot; fi
}
forget_records() {
  if [ -n "$settled" ]; then place "$settled" "$config.zot-auth"; else rm -f "$config.zot-auth" && rm -f "$config.before-zot-auth"; fi
}
undo() {
  if [ $restarted = yes ]; then last_words; fi
  undo_service
  if [ -z "$config_back" ]; then
    rm -f "$config"; forget_records
    say "There was no config before, so the new one was taken away again."; return
  fi
  # A zot that was not restarted may watch the file; one that was shall be told from the one that comes.
  if [ $restarted = yes ]; then replace "$config_back" "$config"; else put "$config_back" "$config"; fi ||
    { say "The previous config could not be put back. It is $config_back."; return; }
  listen_as "$config"
  if [ $service_changed = yes ] && [ -z "$service_back" ]; then
    forget_records; say "The previous config is back. There was no service before that would run zot with it."; return
  fi
  if [ $restarted = yes ]; then start_anew && within $ready_seconds ready_and canary_off; else within $reload_seconds ready_and canary_off; fi || {
    say "The previous config is back in place, but zot does not serve with it at $origin either."
    if [ $restarted = yes ]; then last_words; fi
    return
  }
  forget_records
  say "The previous config is back and serving."
}`;
