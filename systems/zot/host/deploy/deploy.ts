import { quote } from "../shell/shell.ts";
import { definitionFunctions } from "../service/definition.ts";
import { adoptingFunctions } from "./functions/adopting.ts";
import type { StartedWith } from "./functions/adopting.ts";
import { FOUR_WAYS } from "./functions/waysIn.ts";
import { servingZot } from "./serving.ts";
import type { ServingZot } from "./serving.ts";

/** What a deployment needs beyond a serving zot. */
export interface Deployment extends ServingZot {
  readonly binary: string;
  /** Digest of the part of the config that zot reads only when it starts. */
  readonly startDigest: string;
  /** Fingerprints of the credentials that zot must be started with. */
  readonly credentials: string;
  /** How often hand edits of the config, and of the service file, were repaired. */
  readonly repairs: number;
  readonly serviceRepairs: number;
  /** See {@link deploymentNumber}. Default: 0. */
  readonly number?: number;
  /** The issuer in zot's config. zot starts only if the discovery document has exactly this issuer. */
  readonly issuer: string;
  /** What a zot that was started by hand must run with to be adopted without a restart. Default: such a zot is always restarted. */
  readonly adopted?: StartedWith | undefined;
  /** Whether the config has `http.auth.bearer`, with which some releases of zot accept nothing but tokens. Default: no. */
  readonly bearer?: boolean;
}

/**
 * Activates the config on standard input, or keeps the previous one active and reports why.
 *
 * The host's own zot verifies the config first, and a copy of the previous one is kept. zot reloads the new config by itself, or is restarted for a
 * change that it reads only when it starts; its responses prove that exactly this file is active. After any failure, the script restores
 * the previous config. A kill at any step leaves a config that zot starts with, and the next run finishes.
 */
export function deployScript(deployment: Deployment): string {
  const { binary, repairs, service, serviceRepairs, number = 0, issuer, bearer = false } = deployment;
  return `${servingZot(deployment)}
${definitionFunctions(service, serviceRepairs)}
zot=${quote(binary)}; start=${quote(startOf(deployment))}; number=${number}; issuer=${quote(issuer)}
${ISSUER}
${bearer ? `${FOUR_WAYS}\n` : ""}${deployment.adopted === undefined ? "adopts() { false; }" : adoptingFunctions(deployment.adopted)}
${UNDO}
new=$work/new.json; phase1=$work/canary.json
cat > "$new"
if [ "$(tail -n 1 "$new")" != '}' ]; then say "The new config arrived incomplete; nothing was changed. Run again."; exit 1; fi
if ! command -v "$zot" >/dev/null 2>&1; then say "zot does not exist at $zot (setting registry.binary); nothing was changed. Install it, or correct the setting."; exit 1; fi
with_canary "$new" > "$phase1"
for file in "$new" "$phase1"; do
  if ! "$zot" verify "$file" > "$work/verified" 2>&1; then
    say "zot rejects the new config; nothing was changed. zot says:"; gist < "$work/verified" >&2 || :; exit 1
  fi
done
compare_service
recorded() { field "$config.zot-auth" "$1"; }
# In a subshell: the config from before may name another port.
serves_now() { ( listen_as "$config"; ready ); }
# The record of a completed run says what zot runs with.
restart=yes
if [ -f "$config" ] && [ $service_changed = no ] && [ "$(recorded start)" = "$start" ] && [ "$(recorded state)" != pending ] &&
  [ "$(recorded written)" = "$(sum "$config")" ] && serves_now; then restart=no
elif [ $service_changed = no ] && adopts; then restart=no; fi
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
    say "zot does not reload the new config: the file that it watches was replaced, by an editor for example, or is another one. Restarting zot."
    issuer_answers || exit 1
    restart=fallback
  fi
else replace "$phase1" "$config"; fi
if [ $restart != no ]; then start_anew || exit 1; within $ready_seconds ready_and canary_on || { ${bearer ? "lost_ways || not_in_force" : "not_in_force"}; exit 1; }; fi
put "$new" "$config"
if ! within $reload_seconds ready_and canary_off; then
  issuer_answers && start_anew || exit 1
  within $ready_seconds ready_and canary_off || { ${bearer ? "lost_ways || not_in_force" : "not_in_force"}; exit 1; }
fi
${bearer ? "if ! within $reload_seconds all_ways; then lost_ways || not_in_force; exit 1; fi\n" : ""}settle_service
note "$config" "$(sum "$new")" "$start" ${repairs} settled
changing=no
discard_former
printf '%s\\n' "zot serves the new config (restart: $restart)" || :`;
}

/** What the record will say that zot was started with. */
export function startOf({ startDigest, credentials }: Pick<Deployment, "startDigest" | "credentials">): string {
  return `${startDigest} ${credentials}`;
}

/** `issuer_answers` checks before a restart what zot checks when it starts. */
const ISSUER = `issuer_answers() {
  discovery=\${issuer%/}/.well-known/openid-configuration
  if ! get "$discovery" > "$work/issuer" 2> "$work/issuer.error"; then
    say "zot's host cannot load the OIDC issuer's document at $discovery, and zot does not start without it: $(tail -n 1 "$work/issuer.error"). Check authentik.url, and the application in Authentik. If the certificate is not trusted, add your CA to the host's (docs/guides/private-ca.md)."; return 1
  fi
  named=$(tr -d '\\n' < "$work/issuer" | sed -n -e 's|\\\\/|/|g' -e 's/.*"issuer"[[:space:]]*:[[:space:]]*"\\([^"]*\\)".*/\\1/p')
  if [ "$named" != "$issuer" ]; then
    say "The issuer in the document at $discovery is \\"$named\\", and in zot's config \\"$issuer\\". zot does not start unless they are identical, including a trailing slash. Check authentik.url and authentik.application."; return 1
  fi
}`;

/** `undo` restores the previously active files, and reports the result. */
const UNDO = `start_anew() {
  restarted=yes; mark_log
  start_service
}
forget_records() {
  if [ -n "$settled" ]; then place "$settled" "$config.zot-auth"; else rm -f "$config.zot-auth" && rm -f "$config.before-zot-auth"; fi
}
undo() {
  if [ $restarted = yes ]; then last_words; fi
  undo_service
  if [ -z "$config_back" ]; then
    rm -f "$config"; forget_records
    say "The new config was removed, since there was none before."
    # The service file from before names another config.
    if [ $restarted = yes ] && [ $service_changed = yes ] && [ -n "$service_back" ]; then
      if start_anew && within $ready_seconds ready; then say "The previous service file was restored, and zot serves with it."
      else say "The previous service file was restored, but zot does not serve at $origin with it either."; last_words; fi
    fi
    return
  fi
  # A zot that was not restarted may watch the file; one that was must be distinguishable from the next one.
  if [ $restarted = yes ]; then replace "$config_back" "$config"; else put "$config_back" "$config"; fi ||
    { say "The previous config could not be restored. It is in $config_back."; return; }
  listen_as "$config"
  if [ $service_changed = yes ] && [ -z "$service_back" ]; then
    forget_records; say "The previous config was restored, but nothing runs zot with it: there was no service before this deployment."; return
  fi
  if [ $restarted = yes ]; then start_anew && within $ready_seconds ready_and canary_off; else within $reload_seconds ready_and canary_off; fi || {
    say "The previous config was restored, but zot does not serve at $origin with it either."
    if [ $restarted = yes ]; then last_words; fi
    return
  }
  forget_records
  say "The previous config was restored and serves."
}`;
