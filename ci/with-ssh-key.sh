#!/bin/sh
# Runs a command with the ssh key of a job, which is kept in the memory of an agent for as long as the command runs, and in no file.
#
#   with-ssh-key.sh <command> [arguments…]
#
# SSH_PRIVATE_KEY is the secret: a key without a passphrase. SSH_KNOWN_HOSTS is what `ssh-keyscan <host>` prints, compared with the host's own keys: the command's
# ssh trusts these, and no others that the runner's user has. Without SSH_PRIVATE_KEY the command runs with what the runner's user has.
set -eu
umask 077

[ $# -gt 0 ] || { echo "with-ssh-key: expected a command" >&2; exit 2; }
[ -n "${SSH_PRIVATE_KEY:-}" ] || exec "$@"
[ -n "${SSH_KNOWN_HOSTS:-}" ] || { echo "with-ssh-key: SSH_KNOWN_HOSTS is empty: without it, ssh trusts no host" >&2; exit 2; }

ssh=$(command -v ssh) || { echo "with-ssh-key: there is no ssh on PATH" >&2; exit 2; }

# The runner removes this folder with the job. ssh takes the home from the user database, whatever $HOME is, so it is told where to look; as a config, jump hosts get it, too.
folder=$(mktemp -d "${RUNNER_TEMP:-${TMPDIR:-/tmp}}/zot-auth-ssh.XXXXXX")
printf '%s\n' "$SSH_KNOWN_HOSTS" >"$folder/known_hosts"
cat >"$folder/config" <<EOF
UserKnownHostsFile "$folder/known_hosts"
GlobalKnownHostsFile /dev/null
StrictHostKeyChecking yes
Include ~/.ssh/config
Include /etc/ssh/ssh_config
EOF
printf '#!/bin/sh\nexec "%s" -F "%s" "$@"\n' "$ssh" "$folder/config" >"$folder/ssh"
chmod +x "$folder/ssh"
PATH="$folder:$PATH"
export PATH

# ssh-agent becomes the command, so signals reach it, and the agent ends with it.
exec ssh-agent sh -c '
  printf "%s\n" "$SSH_PRIVATE_KEY" | ssh-add -q - || { echo "with-ssh-key: SSH_PRIVATE_KEY is not a private key without a passphrase" >&2; exit 2; }
  unset SSH_PRIVATE_KEY
  exec "$@"' sh "$@"
