#!/bin/sh
# Pushes an image to the registry with the key that zot-auth keeps among the Actions secrets.
#
#   push-image.sh <source> <name> <tag>
#
# <source> is an image as skopeo names it: docker-archive:result, oci:folder. <name> goes below the image prefix.
# ZOT_CI_API_KEY is the secret; ZOT_CI_INFO is the variable beside it (vars.ZOT_CI_API_KEY_INFO), which has the account, the registry and the prefix.
#
# Exit codes: 0 pushed, 10 skipped (the registry has the tag), 1 failed, 2 wrong usage. If GITHUB_OUTPUT is set, it gets `result` (pushed or skipped) and `image`.
#
# The key is never an argument of a command: it goes to skopeo on standard input. skopeo keeps it in a file that only this user can read, which is removed at the end.
set -euf
umask 077

PUSHED=0 FAILED=1 USAGE=2 SKIPPED=10

say() { printf 'push-image: %s\n' "$*" >&2; }
fail() { code=$1; shift; say "$@"; exit "$code"; }

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
command -v skopeo >/dev/null || fail $USAGE "skopeo is not on the PATH of this job"
[ -n "${ZOT_CI_API_KEY:-}" ] ||
  fail $USAGE "ZOT_CI_API_KEY is empty: this repository has no such Actions secret, or the job may not see it (pull requests from forks do not). It must be in forgejo.repositories of zot-auth."
[ -n "${ZOT_CI_INFO:-}" ] ||
  fail $USAGE "ZOT_CI_INFO is empty. Set it to the variable beside the secret: ZOT_CI_INFO: \${{ vars.ZOT_CI_API_KEY_INFO }}"

user='' registry='' prefix='' expires='' label='' fingerprint=''
for word in $ZOT_CI_INFO; do
  case $word in
    user=*) user=${word#*=} ;;
    registry=*) registry=${word#*=} ;;
    prefix=*) prefix=${word#*=} ;;
    expires=*) expires=${word#*=} ;;
    label=*) label=${word#*=} ;;
    fingerprint=*) fingerprint=${word#*=} ;;
  esac
done
if [ -z "$user" ] || [ -z "$registry" ] || [ -z "$prefix" ]; then
  fail $USAGE "ZOT_CI_INFO names no user, registry or prefix: it was written by an older zot-auth. Run \`pulumi up\` of zot-auth once."
fi

host=${registry#*://}
image=$host/$prefix/$name:$tag
login_tls='' inspect_tls='' copy_tls=''
case $registry in http://*) login_tls=--tls-verify=false inspect_tls=--tls-verify=false copy_tls=--dest-tls-verify=false ;; esac

folder=$(mktemp -d "${RUNNER_TEMP:-${TMPDIR:-/tmp}}/push-image.XXXXXX")
running=''
stop() {
  [ -z "$running" ] || kill "$running" 2>/dev/null || :
  exit "$1"
}
trap 'rm -rf "$folder"' EXIT
trap 'stop 129' HUP
trap 'stop 130' INT
trap 'stop 143' TERM
export REGISTRY_AUTH_FILE="$folder/auth.json"

# In the background, so that a signal ends this script at once and not after an upload.
run() {
  "$@" 2>"$folder/errors" </dev/null &
  running=$!
  wait $running || { code=$?; running=''; return $code; }
  running=''
}

done_with() {
  if [ -n "${GITHUB_OUTPUT:-}" ]; then printf 'result=%s\nimage=%s\n' "$1" "$image" >>"$GITHUB_OUTPUT"; fi
}

said() { { sed -e 's/^time="[^"]*" level=[a-z]* msg="\(.*\)"$/\1/' -e 's/\\"/"/g' "$folder/errors" 2>/dev/null || cat "$folder/errors"; } >&2; }
# A file that this job may not read is no refusal of the registry.
refused() {
  grep -v -i 'permission denied' "$folder/errors" |
    grep -q -i -E 'denied|unauthorized|authentication required|invalid username'
}

# Why zot refuses the key, as far as this job can tell.
explain_refusal() {
  now=$(date -u +%Y-%m-%dT%H:%M:%SZ)
  actual=$(printf %s "$ZOT_CI_API_KEY" | { sha256sum 2>/dev/null || shasum -a 256; } | cut -c1-16)
  if [ -n "$expires" ] && expr "$now" ">" "$expires" >/dev/null; then
    say "The key $label expired on $expires. Run \`pulumi up\` of zot-auth, which replaces it."
  elif [ -n "$fingerprint" ] && [ "$actual" != "$fingerprint" ]; then
    say "The secret is not the key $label that the variable describes. A repository's own secret hides its organisation's: delete it, or list the repository in forgejo.repositories."
  else
    say "$user may create new tags below $prefix/ and nothing else; it cannot overwrite or delete. If this image is below it, the key may have been revoked: \`npm run check\` of zot-auth says so."
  fi
}

# Whether the registry has the tag: 0 yes, 1 no, 2 unknown.
tag_exists() {
  run skopeo inspect --raw $inspect_tls "docker://$image" >/dev/null && return 0
  # What registries say of a tag or a repository that does not exist.
  if grep -q -i -E 'manifest unknown|name unknown|repository name not known|not found' "$folder/errors"; then return 1; fi
  return 2
}

if ! printf %s "$ZOT_CI_API_KEY" |
  skopeo login $login_tls --username "$user" --password-stdin "$host" >/dev/null 2>"$folder/errors"; then
  said
  refused || fail $FAILED "$user could not sign in to $host, see above. If it does not answer, run the job again once it does."
  say "$host rejects the key of $user"
  explain_refusal
  exit $FAILED
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
    fail $FAILED "$host did not say whether $image exists. Run the job again once the registry answers."
    ;;
esac

if run skopeo copy --retry-times 3 $copy_tls "$source" "docker://$image"; then
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
exit $FAILED
