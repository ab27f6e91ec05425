#!/bin/sh
# Runs a command with the ssh key of a job, which is kept in the memory of an agent for as long as the command runs, and in no file.
#
#   with-ssh-key.sh <command> [arguments…]
#
# SSH_PRIVATE_KEY is the secret: a key without a passphrase. SSH_KNOWN_HOSTS is what `ssh-keyscan <host>` prints, compared with the host's own keys. Without
# SSH_PRIVATE_KEY the command runs with what the runner's user has.
set -eu
umask 077

[ $# -gt 0 ] || { echo "with-ssh-key: expected a command" >&2; exit 2; }
[ -n "${SSH_PRIVATE_KEY:-}" ] || exec "$@"
[ -n "${SSH_KNOWN_HOSTS:-}" ] || { echo "with-ssh-key: SSH_KNOWN_HOSTS is empty: without it, ssh trusts no host" >&2; exit 2; }

mkdir -p "$HOME/.ssh"
printf '%s\n' "$SSH_KNOWN_HOSTS" | while IFS= read -r line; do
  grep -qxF -e "$line" "$HOME/.ssh/known_hosts" 2>/dev/null || printf '%s\n' "$line" >>"$HOME/.ssh/known_hosts"
done

# ssh-agent becomes the command, so signals reach it, and the agent ends with it.
exec ssh-agent sh -c '
  printf "%s\n" "$SSH_PRIVATE_KEY" | ssh-add -q - || { echo "with-ssh-key: SSH_PRIVATE_KEY is not a private key without a passphrase" >&2; exit 2; }
  unset SSH_PRIVATE_KEY
  exec "$@"' sh "$@"
