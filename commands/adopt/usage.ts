/** What `--help` prints. */
export const USAGE = `usage: npm run adopt -- <stack> [flags]

Writes Pulumi.<stack>.yaml from a zot that runs already, and changes nothing else. It reads zot's config on its host, the application and
the OAuth2 provider in Authentik, and the names of the Actions secrets in Forgejo. On a terminal it asks for what it cannot know. Secrets are
references and are never written: op://vault/item/field, env:NAME or file:path.

Every setting of docs/reference/settings.md is a flag, by its path. A flag takes precedence over what is read. Lists are separated by commas. The usual ones:

  --registry.host ssh:nas                 where zot runs. Default: local
  --registry.configFile /etc/zot/config.json
                                          the config that zot is started with. Default: that of the only zot that runs there
  --registry.service systemd:zot          what restarts zot, unless it is found; or --registry.restartCommand <command>
  --authentik.token op://vault/item/field
  --authentik.clientSecret op://vault/item/field
  --authentik.delivery configMap          or file:<path>, or api
  --argocd.url, --argocd.token            if Argo CD manages the ConfigMap
  --onePassword.account my.1password.com  or --onePassword.connectUrl and --onePassword.connectToken, or --onePassword.serviceAccountToken
  --ci.keyStore op://vault/item/field     where CI's key is, or will be
  --ci.imagePrefix homelab                the namespace that CI pushes to
  --forgejo.url, --forgejo.token
  --forgejo.repositories me/app,me/site   who gets CI's key

  --config-file <file>                    writes this file instead of Pulumi.<stack>.yaml
  --yes, -y                               replaces our settings in an existing file without asking; everything else in it stays
  --keep                                  keeps those of an existing file's settings that are neither read nor given, as it does
                                          anyway if \`adopt\` wrote that file
  --discard                               keeps none of them
  --non-interactive                       asks nothing
  --help, -h

Exit code 0: the file is written. 1: something is in the way. 2: wrong usage, or an answer or consent is missing. With 1 and 2, nothing was written.

The whole way from a registry that was set up by hand: docs/guides/taking-over.md.
`;
