/**
 * Shell functions that tell whether a zot with `http.auth.bearer` still accepts everybody: people, keys, tokens, and anyone (which the canary shows). zot before 2.1.22
 * accepts the same config, and then nothing but tokens.
 *
 * No secret is sent: zot shows by its refusals what it tries. To a key that it does not know, it answers with a challenge for another one; to a text that is no
 * token, it answers without a challenge, and never as to somebody anonymous (measured: keyless/transcripts.json in tests/data).
 *
 * `all_ways` is true if nothing is lost; `lost_ways` says what is.
 */
export const FOUR_WAYS = `refusal_of() {
  if command -v curl >/dev/null 2>&1; then curl_zot -o /dev/null -D - -H "Authorization: $1" "$origin/v2/" || :
  else wget_zot "$origin/v2/" --header "Authorization: $1" 2>&1 >/dev/null || :; fi
}
people_sign_in() { [ "$(status "$origin/zot/auth/login?provider=oidc&callback_ui=%2F")" = 302 ]; }
# The user "nobody" with the key "none".
keys_are_tried() { refusal_of "Basic bm9ib2R5Om5vbmU=" | grep -qi '^ *www-authenticate: *basic'; }
tokens_are_tried() {
  refusal_of "Bearer none" > "$work/refusal"
  grep -q 'HTTP/[0-9.]* 401' "$work/refusal" && ! grep -qi '^ *www-authenticate:' "$work/refusal"
}
all_ways() { people_sign_in && keys_are_tried && tokens_are_tried; }
lost_ways() {
  ready || return 1
  lost=
  people_sign_in || lost="sign-ins"
  keys_are_tried || lost="\${lost:+$lost, }API keys"
  tokens_are_tried || lost="\${lost:+$lost, }job tokens"
  if [ -z "$lost" ]; then return 1; fi
  say "With http.auth.bearer, this zot does not accept: $lost. Upgrade zot on the host, or use auth: apiKey in ci.accounts."
}`;
