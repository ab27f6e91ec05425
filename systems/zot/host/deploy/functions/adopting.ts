import { RELOADED_LINES } from "../../../config/config.ts";
import { quote } from "../../shell/shell.ts";

/** What a zot that was started by hand must have been started with, so that it needs no restart. */
export interface StartedWith {
  readonly credentialsFile: string;
  /** Absent in zot's config: sessions end when zot restarts. */
  readonly sessionKeysFile?: string | undefined;
  readonly clientId: string;
  /** zot's `http.externalUrl`. */
  readonly externalUrl: string;
}

/**
 * `adopts` tests whether a config made by hand, and the credentials, are what the running zot needs: they say the same about everything that zot reads only when it starts, and
 * zot begins a sign-in with that client ID and address. Whether it watches the file, only the canary shows.
 */
export function adoptingFunctions({ credentialsFile, sessionKeysFile, clientId, externalUrl }: StartedWith): string {
  const callback = `${externalUrl.replace(/\/$/, "")}/zot/auth/callback/oidc`;
  return `json_lines() { awk ${quote(JSON_LINES)} "$1" | sort; }
start_lines() { json_lines "$1" | grep -v -E ${quote(RELOADED_LINES)}; }
same_credentials() {
  credentials=$(through ${quote(credentialsFile)}) || return 1
  if [ ! -f "$credentials.before-zot-auth" ]; then return 0; fi
  [ "$(json_lines "$credentials")" = "$(json_lines "$credentials.before-zot-auth")" ]
}
made_session_keys() { ${sessionKeysFile === undefined ? "false" : `[ "$(field "$(through ${quote(sessionKeysFile)}).zot-auth" made)" = yes ]`}; }
begins_sign_in() {
  if ! command -v curl >/dev/null 2>&1; then return 1; fi
  sent_to=$(curl_zot -o /dev/null -w '%{redirect_url}' "$origin/zot/auth/login?provider=oidc&callback_ui=/") || return 1
  case "$sent_to&" in *[?\\&]${quote(`client_id=${goEscaped(clientId)}&`)}*) ;; *) return 1 ;; esac
  case "$sent_to&" in *[?\\&]${quote(`redirect_uri=${goEscaped(callback)}&`)}*) ;; *) return 1 ;; esac
}
adopts() {
  if [ -f "$config.zot-auth" ] || [ ! -f "$config" ] || [ ! -w "$config" ] || made_session_keys; then return 1; fi
  [ "$(start_lines "$config")" = "$(start_lines "$new")" ] && same_credentials && serves_now && begins_sign_in
}`;
}

/** One line for each value of a JSON file, as `startLines` has them. Anything else gives other lines, and so a restart. */
const JSON_LINES = String.raw`{ text = text $0 "\n" }
END { walk("") }
function skip() { sub(/^[ \t\r\n]+/, "", text) }
function take(length_,  taken) { taken = substr(text, 1, length_); text = substr(text, length_ + 1); return taken }
function string(  taken) {
  if (!match(text, /^"([^"\\]|\\.)*"/)) { print "no JSON"; exit 1 }
  taken = take(RLENGTH); return substr(taken, 2, length(taken) - 2)
}
function walk(path,  open, index_, key) {
  skip(); open = substr(text, 1, 1)
  if (open == "\"") { print path "=" string(); return }
  if (open != "{" && open != "[") {
    if (!match(text, /^[^], }\t\r\n]+/)) { print "no JSON"; exit 1 }
    print path "=" take(RLENGTH); return
  }
  take(1); skip()
  if (text ~ /^[]}]/) { print path "=" open take(1); return }
  index_ = 0
  do {
    skip(); key = index_++
    if (open == "{") { key = tolower(string()); gsub("/", "~1", key); skip(); take(1) }
    walk(path "/" key); skip()
  } while (take(1) == ",")
}`;

/** As Go writes a text in a query. */
function goEscaped(text: string): string {
  return encodeURIComponent(text)
    .replaceAll("%20", "+")
    .replaceAll(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}
