#!/bin/sh
# Pushes an image to the registry, with the token of this job or with the key that zot-auth keeps among the Actions secrets.
#
#   push-image.sh <source> <name> <tag>
#
# <source> is an image as skopeo names it: docker-archive:result, oci:folder. <name> goes below the image prefix.
#
# Token: ZOT_CI_JOB_TOKEN_INFO is the variable vars.ZOT_CI_JOB_TOKEN_INFO, which has the account, the registry and the prefix, and the workflow says
# enable-openid-connect: true. crane pushes. If the variable says shortkey=true, skopeo pushes, with a key of ten minutes that is deleted at the end.
# Key: ZOT_CI_API_KEY is the secret, ZOT_CI_INFO the variable beside it, vars.ZOT_CI_API_KEY_INFO. skopeo pushes.
# With both, the token is tried first.
#
# Exit codes: 0 pushed, 10 skipped (the registry has the tag), 1 failed, 2 wrong usage. If GITHUB_OUTPUT is set, it gets `result` (pushed or skipped) and `image`.
#
# No token or key is ever an argument of a command: they go to curl and skopeo on standard input, and to crane in a file. Files with them can be read by this user only, and
# are removed at the end.
set -euf
umask 077

PUSHED=0 FAILED=1 USAGE=2 SKIPPED=10
KEY_SECONDS=600
# A push may outlast the token, which lives an hour, or the job's key. It then goes on with new ones.
SIGN_INS=10

say() { printf 'push-image: %s\n' "$*" >&2; }
# A runner that runs jobs on its host gives a step a terminal, and stops reading it as soon as the step fails: the last lines would be missing in the log.
end() { [ -z "${CI:-}" ] || [ ! -t 2 ] || sleep 1; exit "$1"; }
fail() { code=$1; shift; say "$@"; end "$code"; }

[ $# -eq 3 ] || fail $USAGE "expected <source> <name> <tag>, got $# arguments"
source=$1 name=$2 tag=$3
# grep sees lines, so a line break is refused apart.
breaks() { case $1 in *"
"*) return 0 ;; *) return 1 ;; esac; }
matches() { ! breaks "$1" && printf '%s\n' "$1" | grep -q -E "^($2)$"; }
part='[a-z0-9]+([._-]+[a-z0-9]+)*'
matches "$name" "$part(/$part)*" ||
  fail $USAGE "invalid name \"$name\": lower-case letters and digits, with . _ - between them, and / between folders"
matches "$tag" '[A-Za-z0-9_][A-Za-z0-9._-]{0,127}' ||
  fail $USAGE "invalid tag \"$tag\": at most 128 letters, digits, . _ -, and the first one is a letter, a digit or _"

folder=$(mktemp -d "${RUNNER_TEMP:-${TMPDIR:-/tmp}}/push-image.XXXXXX")
key_label="push-image ${GITHUB_RUN_ID:-} ${folder##*.}"
running=''
stop() {
  [ -z "$running" ] || kill "$running" 2>/dev/null || :
  exit "$1"
}
# Deletes what `create_key` created, also after an answer that was lost.
drop_keys() {
  [ -e "$folder/key-until" ] || return 0
  delete_keys || { fetch_token && delete_keys; } ||
    say "WARNING: the key of this job could not be deleted. It expires on $(cat "$folder/key-until")."
  rm -f "$folder/key-until"
}
clean_up() {
  trap '' HUP INT TERM
  drop_keys
  rm -rf "$folder"
}
trap clean_up EXIT
trap 'stop 129' HUP
trap 'stop 130' INT
trap 'stop 143' TERM
export REGISTRY_AUTH_FILE="$folder/auth.json" DOCKER_CONFIG="$folder"

# In the background, so that a signal ends this script at once and not after an upload. Through a pipe: on a terminal, skopeo draws its progress again and again, and a
# job's log keeps all of it.
run() {
  rm -f "$folder/output"
  mkfifo "$folder/output"
  cat <"$folder/output" &
  shown=$!
  "$@" >"$folder/output" 2>"$folder/errors" </dev/null &
  running=$!
  ended=0
  wait $running || ended=$?
  running=''
  wait $shown
  return $ended
}

done_with() {
  if [ -n "${GITHUB_OUTPUT:-}" ]; then printf 'result=%s\nimage=%s\n' "$1" "$image" >>"$GITHUB_OUTPUT"; fi
}

said() { { sed -e 's/^time="[^"]*" level=[a-z]* msg="\(.*\)"$/\1/' -e 's/\\"/"/g' "$folder/errors" 2>/dev/null || cat "$folder/errors"; } >&2; }
# A file that this job may not read is no refusal of the registry.
refused() {
  grep -v -i 'permission denied' "$folder/errors" |
    grep -q -i -E 'denied|forbidden|unauthorized|authentication required|invalid username'
}

# What a variable of zot-auth says, and what follows from it.
read_variable() {
  user='' registry='' prefix='' expires='' label='' fingerprint='' audience='' shortkey=''
  for word in $1; do
    case $word in
      user=*) user=${word#*=} ;;
      registry=*) registry=${word#*=} ;;
      prefix=*) prefix=${word#*=} ;;
      expires=*) expires=${word#*=} ;;
      label=*) label=${word#*=} ;;
      fingerprint=*) fingerprint=${word#*=} ;;
      audience=*) audience=${word#*=} ;;
      shortkey=*) shortkey=${word#*=} ;;
    esac
  done
  host=${registry#*://}
  image=$host/$prefix/$name:$tag
  login_tls='' inspect_tls='' copy_tls='' crane_tls=''
  case $registry in http://*) login_tls=--tls-verify=false inspect_tls=--tls-verify=false copy_tls=--dest-tls-verify=false crane_tls=--insecure ;; esac
  [ -n "$user" ] && [ -n "$registry" ] && [ -n "$prefix" ]
}

# Sends a request with that Authorization header, and prints the status, 000 without one. The body is in the file `answer`.
request() {
  header=$(printf %s "$1" | sed 's/["\\]/\\&/g')
  shift
  : >"$folder/answer"
  printf 'header = "Authorization: %s"\n' "$header" |
    curl --config - --silent --show-error --max-time 60 --retry 2 --output "$folder/answer" --write-out '%{http_code}' "$@" 2>"$folder/errors" || :
}
# A text in the answer, which is JSON. None of these has an escaped character but zot's reason.
answered() { tr -d '\n' <"$folder/answer" | sed -n -E 's/.*"'"$1"'": *"(([^"\\]|\\.)*)".*/\1/p' | sed 's/\\\(["\\]\)/\1/g'; }
secret() { matches "$1" '[A-Za-z0-9._~+/=-]+' && printf '::add-mask::%s\n' "$1"; }

# Asks Forgejo for a token of this job. Like all that follows until `use_token`, it says in `why` what failed.
fetch_token() {
  status=$(request "bearer $ACTIONS_ID_TOKEN_REQUEST_TOKEN" --get --data-urlencode "audience=$audience" "$ACTIONS_ID_TOKEN_REQUEST_URL")
  token=$(answered value)
  secret "$token" || {
    why="Forgejo gave this job no token (HTTP $status)"
    # Another answer with that status could have one.
    [ "$status" = 200 ] || why="$why: $(cat "$folder/answer" "$folder/errors" | tr '\n' ' ' | head -c 300)"
    return 1
  }
}

try_token() {
  status=$(request "Bearer $token" "$registry/v2/")
  case $status in
    200) return 0 ;;
    401)
      why="$host rejects the token of this job. zot does not say why. In zot-auth, the account $user must allow the owner of ${GITHUB_REPOSITORY:-this repository}, the ref ${GITHUB_REF:-of this run} and the event ${GITHUB_EVENT_NAME:-of this run} (ci.accounts: repositories, jobToken.refs, jobToken.events, jobToken.workflows), and the clocks of Forgejo and zot must agree."
      ;;
    *) why="$host did not say whether it accepts the token of this job (HTTP $status): $(cat "$folder/errors")" ;;
  esac
  return 1
}

# skopeo cannot send the token, but a key.
create_key() {
  until=$(($(date +%s) + KEY_SECONDS))
  # GNU and busybox, or BSD.
  until=$(date -u -d "@$until" +%Y-%m-%dT%H:%M:%SZ 2>/dev/null || date -u -r "$until" +%Y-%m-%dT%H:%M:%SZ)
  printf '%s\n' "$until" >"$folder/key-until"
  status=$(request "Bearer $token" --data "{\"label\":\"$key_label\",\"expirationDate\":\"$until\"}" "$registry/zot/auth/apikey")
  key=$(answered apiKey)
  rm -f "$folder/answer"
  secret "$key" || { why="$host created no key for this job (HTTP $status)."; return 1; }
  sign_in_with "$user/$GITHUB_REPOSITORY" "$key" && return
  said
  why="$host does not accept the key that it created for this job, see above. If the clock of the runner is ten minutes slow, the key has expired."
  return 1
}

# By the label, so that a key whose answer was lost is deleted, too.
delete_keys() {
  [ "$(request "Bearer $token" "$registry/zot/auth/apikey")" = 200 ] || return 1
  for id in $(tr '}' '\n' <"$folder/answer" | grep -F "\"label\":\"$key_label\"" | sed -n 's/.*"uuid":"\([0-9a-f-]*\)".*/\1/p'); do
    [ "$(request "Bearer $token" --request DELETE "$registry/zot/auth/apikey?id=$id")" = 200 ] || return 1
  done
}

sign_in_with() { printf %s "$2" | skopeo login $login_tls --username "$1" --password-stdin "$host" >/dev/null 2>"$folder/errors"; }

sign_in_by_token() {
  fetch_token && try_token || return 1
  if [ $way = short-key ]; then create_key; return; fi
  printf '{"auths":{"%s":{"registrytoken":"%s"}}}\n' "$host" "$token" >"$folder/config.json"
}

# crane pushes an image in the format that it has, and zot accepts OCI's only. skopeo writes any other source as a folder in that format, as it does in a push.
convert_source() {
  path=${source#oci:}
  case $source in oci:*:*) ;; oci:*) return 0 ;; esac
  command -v skopeo >/dev/null || {
    why="crane can push an oci:<folder>. For $source, skopeo must be on the PATH of this job, too."
    return 1
  }
  path=$folder/image
  run skopeo copy "$source" "oci:$path" >/dev/null && return
  said
  fail $FAILED "$source could not be read."
}

use_token() {
  way=token client=crane code=$USAGE
  read_variable "$ZOT_CI_JOB_TOKEN_INFO" && [ -n "$audience" ] ||
    { why="ZOT_CI_JOB_TOKEN_INFO names no user, registry, prefix or audience. It must be the variable that zot-auth writes."; return 1; }
  [ "$shortkey" != true ] || way=short-key client=skopeo
  [ -n "${ACTIONS_ID_TOKEN_REQUEST_URL:-}" ] && [ -n "${ACTIONS_ID_TOKEN_REQUEST_TOKEN:-}" ] || {
    why="this job can get no token. The workflow must say enable-openid-connect: true, and requires Forgejo 15 and a runner of 12.5.2 or later. Pull requests from forks get none."
    return 1
  }
  for program in curl $client; do
    command -v "$program" >/dev/null || { why="$program is not on the PATH of this job, and the token requires it."; return 1; }
  done
  [ $way = short-key ] || convert_source || return 1
  code=$FAILED
  sign_in_by_token
}

use_key() {
  way='key' signed_in=no
  command -v skopeo >/dev/null || fail $USAGE "skopeo is not on the PATH of this job"
  [ -n "${ZOT_CI_API_KEY:-}" ] ||
    fail $USAGE "ZOT_CI_API_KEY is empty: this repository has no such Actions secret, or the job may not see it (pull requests from forks do not). It must be in forgejo.repositories of zot-auth. To push with the token of the job, set ZOT_CI_JOB_TOKEN_INFO: \${{ vars.ZOT_CI_JOB_TOKEN_INFO }}"
  [ -n "${ZOT_CI_INFO:-}" ] ||
    fail $USAGE "ZOT_CI_INFO is empty. Set it to the variable beside the secret: ZOT_CI_INFO: \${{ vars.ZOT_CI_API_KEY_INFO }}"
  read_variable "$ZOT_CI_INFO" ||
    fail $USAGE "ZOT_CI_INFO names no user, registry or prefix: it was written by an older zot-auth. Run \`pulumi up\` of zot-auth once."
  sign_in_with "$user" "$ZOT_CI_API_KEY" && signed_in=yes && return
  said
  refused || fail $FAILED "$user could not sign in to $host, see above. If it does not answer, run the job again once it does."
  say "$host rejects the key of $user"
  explain_refusal
  end $FAILED
}

# Why zot refuses the key or the image, as far as this job can tell.
explain_refusal() {
  if [ $way != key ]; then
    # Clients do not show zot's reason. If it would not refuse this, zot's garbage collection removes the upload.
    [ "$(request "Bearer $token" --request POST "$registry/v2/$prefix/$name/blobs/uploads/")" != 403 ] || reason=$(answered reason)
    say "${reason:-jobs of $user may create new tags below $prefix/ and nothing else; they cannot overwrite or delete.}"
    return
  fi
  now=$(date -u +%Y-%m-%dT%H:%M:%SZ)
  actual=$(printf %s "$ZOT_CI_API_KEY" | { sha256sum 2>/dev/null || shasum -a 256; } | cut -c1-16)
  if [ -n "$expires" ] && expr "$now" ">" "$expires" >/dev/null; then
    say "The key $label expired on $expires. Run \`pulumi up\` of zot-auth, which replaces it."
  elif [ -n "$fingerprint" ] && [ "$actual" != "$fingerprint" ]; then
    say "The secret is not the key $label that the variable describes. A repository's own secret hides its organisation's: delete it, or list the repository in forgejo.repositories."
  elif [ $signed_in = no ]; then
    say "${fingerprint:+It is the key $label that the variable describes, so }the key may have been revoked: \`npm run check\` of zot-auth says so."
  else
    say "$user may create new tags below $prefix/ and nothing else; it cannot overwrite or delete. If this image is below it, the key may have been revoked: \`npm run check\` of zot-auth says so."
  fi
}

# Whether the registry has the tag: 0 yes, 1 no, 2 unknown.
tag_exists() {
  if [ $way = token ]; then
    status=$(request "Bearer $token" "$registry/v2/$prefix/$name/manifests/$tag")
    case $status in 200) return 0 ;; 404) return 1 ;; esac
    { printf 'HTTP %s ' "$status"; cat "$folder/answer"; } >>"$folder/errors"
    return 2
  fi
  run skopeo inspect --raw $inspect_tls "docker://$image" >/dev/null && return 0
  # What registries say of a tag or a repository that does not exist.
  if grep -q -i -E 'manifest unknown|name unknown|repository name not known|not found' "$folder/errors"; then return 1; fi
  return 2
}

copy() {
  if [ $way = token ]; then run crane push $crane_tls "$path" "$image" >/dev/null; return; fi
  run skopeo copy --retry-times 3 $copy_tls "$source" "docker://$image"
}

# What arrived is not sent twice.
push() {
  sign_ins=1
  until copy; do
    if [ $way = key ] || [ $sign_ins -ge $SIGN_INS ]; then return 1; fi
    grep -q -i -E 'unauthorized|authentication required' "$folder/errors" || return 1
    sign_in_by_token || fail $FAILED "$why"
    sign_ins=$((sign_ins + 1))
  done
}

if [ -z "${ZOT_CI_JOB_TOKEN_INFO:-}" ]; then
  use_key
elif ! use_token; then
  [ -n "${ZOT_CI_API_KEY:-}" ] || fail "$code" "$why"
  say "$why"
  drop_keys
  say "the key is used instead, which this repository has, too."
  use_key
fi

found=0
tag_exists || found=$?
case $found in
  0)
    say "$image exists already, and tags are never overwritten: skipped"
    done_with skipped
    exit $SKIPPED
    ;;
  2)
    said
    if [ $way = token ] && refused; then explain_refusal; fi
    fail $FAILED "$host did not say whether $image exists. Run the job again once the registry answers."
    ;;
esac

if push; then
  say "pushed $image"
  done_with pushed
  exit $PUSHED
fi
if ! refused; then
  said
  fail $FAILED "$image was not pushed. A job that runs again pushes what is missing; layers that arrived are not sent twice."
fi
# Another job may have been faster.
cp "$folder/errors" "$folder/refusal"
if tag_exists; then
  say "$image was pushed by another job meanwhile, and tags are never overwritten: skipped"
  done_with skipped
  exit $SKIPPED
fi
mv "$folder/refusal" "$folder/errors"
said
say "$host refuses $image"
explain_refusal
end $FAILED
