/**
 * The codes of all errors, by system: what each means, and what to do. A code stays the same across releases. docs/reference/errors.md is generated from it.
 */
export const ERROR_CODES = {
  "The program": {
    SETTINGS_INVALID: "Settings of the stack are invalid. Correct them in `Pulumi.<stack>.yaml`.",
    PREFLIGHT_FAILED:
      "A server, a token or a secret is not usable. Nothing was changed. Correct what the message lists.",
    ACCESS_REMOVED:
      "The first `up` would take away access that was given by hand. Keep it by other settings, or accept the loss in the setting that the message names.",
    SECRET_MISSING: "An `env:` variable or a `file:` does not exist. Set it, or correct the reference.",
    SECRET_EMPTY: "An `env:` variable or a `file:` is empty. Put the secret there.",
    SECRET_UNREADABLE: "A `file:` cannot be read. Make the user who runs Pulumi its owner.",
    SERVER_UNREACHABLE: "A server does not answer. Check its address in the settings, and that it runs.",
    CERTIFICATE_UNTRUSTED:
      "A server's certificate is not trusted. If your own CA signed it, set `NODE_EXTRA_CA_CERTS` ([private-ca.md](../guides/private-ca.md)).",
    CERTIFICATE_INVALID:
      "A server's certificate has expired, or is for another name. Renew it, or correct the address.",
    TLS_MISSING: "A server speaks no TLS at an `https://` address. Use `http://`, or correct the address.",
    SERVER_BUSY: "A server accepts no more requests for now (429). Run again later.",
    SERVER_FAILING: "A server still fails after retries. See its log.",
    UNEXPECTED_ANSWER: "A server's response is unexpected. See its log.",
    WRONG_SERVER:
      "Something else answers in a server's place. Check the server's setting, and the proxy in front of it.",
    HEADER_INVALID: "A token contains a character that no header can contain. Store it again without that character.",
    TIMED_OUT: "A wait timed out. The message says what to check.",
  },
  "1Password": {
    ONEPASSWORD_REFERENCE_INVALID: "A reference is not of the form `op://vault/item/field`. Correct it.",
    ONEPASSWORD_VAULT_UNKNOWN: "The vault does not exist, or the account has no access to it. Check both.",
    ONEPASSWORD_VAULT_AMBIGUOUS: "Several vaults have the name. Use the vault's id.",
    ONEPASSWORD_ITEM_MISSING: "The item does not exist. Create or restore it, or correct the reference.",
    ONEPASSWORD_ITEM_AMBIGUOUS: "Several items have the title. Use the item's id.",
    ONEPASSWORD_ITEM_ARCHIVED: "The item is archived or deleted. Restore it, or name another one.",
    ONEPASSWORD_ITEM_DAMAGED: "Other parts of the item changed when it was written. Restore them from its history.",
    ONEPASSWORD_SECTION_MISSING: "The section does not exist in the item. Create it, or correct the reference.",
    ONEPASSWORD_SECTION_AMBIGUOUS: "Several sections have the name. Use the section's id.",
    ONEPASSWORD_FIELD_MISSING: "The field does not exist or is empty. Set it, or correct the reference.",
    ONEPASSWORD_FIELD_AMBIGUOUS: "Several fields have the name. Name the section, or use the field's id.",
    ONEPASSWORD_FIELD_IS_FILE: "The field is a file. Store the secret in a field of type password.",
    ONEPASSWORD_FIELD_TYPE: "The field's type cannot hold a secret. Use a field of type password.",
    ONEPASSWORD_READ_ONLY:
      "The token or account has insufficient permissions to write. Grant it write access to the vault.",
    ONEPASSWORD_TOKEN_REFUSED: "1Password rejects the token. Create a new one.",
    ONEPASSWORD_TOKEN_MALFORMED: "The token contains spaces or line breaks. Store the token alone.",
    ONEPASSWORD_FORBIDDEN: "The account has insufficient permissions to read the vault. Grant it access.",
    ONEPASSWORD_NOT_CONNECT: "The server is not 1Password Connect. Correct `onePassword.connectUrl`.",
    ONEPASSWORD_UNREACHABLE: "`op` cannot reach 1Password. Check the network.",
    ONEPASSWORD_RATE_LIMITED: "1Password's rate limit is reached. Run again in an hour, or use Connect.",
    ONEPASSWORD_CONFLICT: "The item changed during each attempt to write it. Find out what changes it.",
    ONEPASSWORD_NOT_STORED: "1Password accepted a value but returns another one. Run again.",
    ONEPASSWORD_LAGGING: "1Password did not show what was written in time. Run again.",
    ONEPASSWORD_OTHERS_CHANGE_LOST:
      "`op` may have undone a change that was made at the same time. Compare with the item's history.",
    ONEPASSWORD_OP_MISSING: "1Password's CLI `op` is not on PATH. Install it, or use Connect.",
    ONEPASSWORD_OP_OUTDATED: "`op` is too old. Update it to 2.30 or later.",
    ONEPASSWORD_OP_SIGNED_OUT: "`op` is not signed in. Sign in, or set `onePassword.serviceAccountToken`.",
    ONEPASSWORD_OP_ACCOUNT_UNKNOWN: "`op` does not know the account. Correct `onePassword.account`.",
    ONEPASSWORD_OP_TIMED_OUT: "`op` timed out, perhaps waiting for a fingerprint. Answer it, or use a service account.",
    ONEPASSWORD_OP_WOULD_LOSE: "`op` could lose a part of the item. Use an item of another category, or Connect.",
    ONEPASSWORD_OP_FAILED: "`op` failed. The message quotes it.",
  },
  Kubernetes: {
    CONFIG_MAP_MISSING:
      "The ConfigMap of `kubernetes.configMap` does not exist. Name the one that Authentik's worker mounts; the message lists similar names.",
  },
  "Argo CD": {
    ARGOCD_TOKEN_REFUSED: "Argo CD rejects `argocd.token`. Generate a new one.",
    ARGOCD_APPLICATION_UNKNOWN: "The application does not exist, or the token has no access to it. Check both.",
    ARGOCD_BUSY: "Another operation on the application does not finish. Wait for it, or terminate it.",
    ARGOCD_SYNC_REFUSED: "Argo CD refuses to sync. Correct the application.",
    ARGOCD_SYNC_FAILED: "The sync failed. The message lists the resources.",
    ARGOCD_SYNC_UNFINISHED: "The sync did not end in time. See the application in Argo CD.",
    ARGOCD_NOT_SYNCED: "The application did not become Synced and Healthy in time. See it in Argo CD.",
  },
  Authentik: {
    AUTHENTIK_TOKEN_REFUSED: "Authentik rejects `authentik.token`. Create a new API token.",
    AUTHENTIK_RIGHT_MISSING:
      "The token has insufficient permissions. Grant its role the permission that the message names ([least-rights.md](least-rights.md)).",
    AUTHENTIK_RIGHTS_MISSING:
      "The token lacks several permissions, which the message lists ([least-rights.md](least-rights.md)).",
    AUTHENTIK_WORKER_SILENT: "Authentik's worker does not respond. Check that it is running, and see its log.",
    BLUEPRINT_NOT_SEEN: "Authentik does not see the blueprint file. Check its mount and `authentik.blueprintPath`.",
    BLUEPRINT_INSTANCE_MISSING: "Authentik has no instance of the blueprint. See its log.",
    BLUEPRINT_DISABLED: "The blueprint is disabled in Authentik. Enable it there.",
    BLUEPRINT_NOT_APPLIED: "Authentik did not apply the blueprint in time. See its worker's log.",
    BLUEPRINT_REJECTED: "Authentik rejects the blueprint. The message has the reason.",
    ACCOUNT_TAKEN:
      "`ci.user` names somebody's account, or the one of the token of `authentik.token`. Choose another name.",
    CLIENT_ID_TAKEN: "The client ID belongs to another OAuth2 provider. The message says how to take it over.",
    BLUEPRINT_NEEDS_MISSING:
      "An object that the blueprint refers to does not exist. Create it, or correct the setting.",
    BLUEPRINT_VARIABLE_MISSING: "Authentik's worker lacks the variable with the client secret. Set it there.",
    BLUEPRINT_FILE_UNUSABLE: "The blueprint's file cannot be written. Check the path and its permissions.",
  },
  "[Signing in](../background/sign-in.md)": {
    MACHINE_FLOW_MISSING: "Authentik has no flow `authentik.machineFlow`. Check whether the blueprint was applied.",
    MACHINE_FLOW_DENIED: "The flow denies everyone before it asks for a name. Apply the blueprint again.",
    APP_PASSWORD_MISSING: "The account's app password does not exist. Run `pulumi refresh` and `pulumi up`.",
    APP_PASSWORD_INVALID:
      "The app password is another account's, expired, or of another intent. Run `pulumi refresh` and `pulumi up`.",
    APP_PASSWORD_REFUSED: "The flow does not accept the app password. Apply the blueprint again.",
    ACCOUNT_MISSING: "The account does not exist. Run `pulumi refresh` and `pulumi up`.",
    ACCOUNT_INACTIVE: "The account is disabled. Run `pulumi refresh` and `pulumi up`.",
    ACCOUNT_NOT_IN_GROUP: "The account is not in `access.ciGroup`. Run `pulumi refresh` and `pulumi up`.",
    ACCOUNT_DENIED: "A policy or a stage of the flow denies the account. See them in Authentik.",
    MFA_DEMANDED: "The flow requires a second factor. Set `authentik.machineFlow` to a flow for machines.",
    FLOW_STAGE_UNKNOWN: "The flow has a stage that no machine can answer. Remove it.",
    FLOW_TOO_MANY_STAGES: "The flow asks for more after eight stages. Remove those that were added to it.",
    FLOW_FAILED: "The flow fails inside Authentik. See its log.",
    FLOW_LEADS_ELSEWHERE: "The flow redirects to another server. Remove the stage or source that does so.",
    NOT_SIGNED_IN: "The flow ended without a sign-in. Check the bindings of its login stage.",
    SIGNED_IN_AS_OTHER: "Another account is signed in. Set `ci.user` exactly as in Authentik.",
    AUTHENTIK_SENDS_ELSEWHERE: "`authentik.url` redirects to another server. Set it to the address that people use.",
    COOKIE_NOT_KEPT:
      "Browsers reject `Secure` cookies over plain http to another machine. Put https in front of the server.",
    ZOT_LOGIN_OFF: "zot does not start the OIDC sign-in. Its `http.auth` must have `openid`.",
    ISSUER_ELSEWHERE:
      "zot, or the discovery document, names a server other than `authentik.url`. Correct that setting.",
    ISSUER_MISSING: "Authentik has no OpenID configuration under the issuer. Check the application and its provider.",
    ISSUER_DIFFERS: "The issuers of zot and Authentik differ, perhaps by a slash. Correct `authentik.url`.",
    APPLICATION_DENIED: "No PolicyBinding allows the account. Run `pulumi refresh` and `pulumi up`.",
    CONSENT_ASKED:
      "The authorization flow asks for consent. Set `authentik.authorizationFlow` to one with implicit consent.",
    AUTHORIZATION_STAGE_UNKNOWN:
      "The authorization flow has a stage that a machine cannot answer. Set `authentik.authorizationFlow` to one without stages.",
    SESSION_UNKNOWN:
      "Authentik lost the session that it had just created. Check whether something in between drops cookies.",
    REDIRECT_URI_REFUSED: "The provider does not know zot's callback address. Correct `registry.url`.",
    CLIENT_UNKNOWN: "Authentik does not know the OAuth2 client. Run `pulumi refresh` and `pulumi up`.",
    GRANT_TYPES_EMPTY: "The provider lacks the grant type `authorization_code`. Run `pulumi refresh` and `pulumi up`.",
    GRANT_REFUSED: "Authentik refuses the grant. See the provider's grant types, and Authentik's log.",
    OIDC_REFUSED: "Authentik refuses the authorization request. The message has the reason.",
    REDIRECT_ELSEWHERE: "Authentik sends the sign-in to an address other than `registry.url`. Correct that setting.",
    ZOT_LOGIN_FAILED: "zot refuses the sign-in at its callback. Compare the client secrets of zot and Authentik.",
    IDENTITY_MISSING:
      "zot found no account name. Check the scope mapping that sends the claim of `zot.auth.usernameClaim`.",
    CLIENT_SECRET_REFUSED:
      "Authentik does not accept the client secret. Compare `authentik.clientSecret` with the worker's variable.",
    TOKEN_REFUSED:
      "Authentik returns no valid token for a new authorization code. See its log, and the provider's keys.",
    USERINFO_REFUSED: "Authentik's UserInfo rejects a new access token. See its log.",
  },
  zot: {
    ZOT_VERSION_UNSUPPORTED: "zot is too old. Upgrade it.",
    ZOT_VERSION_OVERWRITES: "This zot lets a create-only account overwrite tags. Upgrade it, or accept the risk.",
    ZOT_VERSION_UNREADABLE: "zot's version is unknown. Install a release.",
    ZOT_TOO_OLD: "This zot cannot do what the check needs. Upgrade it.",
    ZOT_BINARY_MISSING: "zot does not exist at `registry.binary`. Install it, or correct the setting.",
    ZOT_CONFIG_INCOMPLETE: "zot's config lacks what a deployment needs. The message names it.",
    HOST_UNREACHABLE: "The host of zot cannot be reached. Check `registry.host` and ssh.",
    TWO_UPDATES_NEEDED:
      "Settings of zot's files or its service change together, and can only change one after the other. Change them in two updates, as the message says.",
    HOST_FILES_WRONG: "Files that zot's config needs are missing on the host. Provide them, or correct the settings.",
    HOST_CLEANUP_FAILED:
      "A setting moved one of zot's files, and the old file could not be removed from its host. The message says why; correct that and run again.",
    PATH_UNSUPPORTED: "A path contains a control character. Correct the setting.",
    KEY_STORE_CHANGED: "The key in 1Password is not the one in the state. The message says what to do.",
    KEYS_KEEP_APPEARING:
      "Somebody is signed in as the account and creates keys while they are revoked. End the account's sessions, and revoke again.",
    KEY_PERMISSIONS_WRONG:
      "A new key's permissions differ from the declared ones. See `accessControl` in zot's config.",
    KEY_IN_USE: "The key is still in use. The message says where.",
    ACCESS_NOT_AS_DECLARED: "The registry allows more or less than declared. The message has the rows.",
    KEY_REFUSED: "zot refuses a key that it just created. See zot's log.",
    KEY_ENDPOINT_OFF: "zot's config has no `apikey`. Enable it.",
    KEY_ENDPOINT_MISPLACED: "`apikey` is in the wrong place in zot's config. Move it to `http.auth`.",
    KEY_ENDPOINT_UNEXPECTED:
      "The response of zot's key endpoint is unexpected. See zot's log, and the proxy in front of it.",
    OPENID_OFF: "zot's config has no `openid`. Enable it.",
    OPENID_PROVIDER_UNKNOWN: "zot's config names a provider other than `oidc`. Correct it.",
    BEARER_BESIDE_OPENID: "zot's config has `bearer`, which turns the sign-in off. Remove one of them.",
    AUTH_PATH_SWALLOWED: "A proxy handles requests for zot's paths itself. Let it pass them to zot.",
    UI_HEADER_STRIPPED: "A proxy removes the header `X-ZOT-API-CLIENT`. Let it pass.",
    GROUPS_CLAIM_MISSING: "The token has no groups claim. Check the scope mapping.",
    GROUPS_CLAIM_ELSEWHERE:
      "The groups are in a different claim from the one zot reads. Correct `zot.auth.groupsClaim`.",
    GROUPS_CLAIM_UNREADABLE: "The groups claim has a form that zot does not read. It must be a list.",
    GROUP_NOT_IN_TOKEN: "The claim does not contain the CI group. Check the account's groups.",
    KEY_GROUPS_STALE: "zot had stale groups of the account. The new sign-in has refreshed them.",
    KEY_WITHOUT_GROUPS: "zot sees no groups for the key, although a session has them. See zot's log.",
    IDENTITY_DIFFERS:
      "zot knows the account by another name. The claim of `zot.auth.usernameClaim` must contain `ci.user`.",
    POLICY_WITHOUT_GROUP: "zot's policies do not name the CI group. Run `pulumi up`.",
    PUSH_FAILED: "zot refuses a push for an unknown reason. See its log.",
    SIGN_IN_UNCLEAR: "A check of the sign-in failed for an unknown reason. See the message.",
  },
  Forgejo: {
    FORGEJO_TOKEN_REFUSED: "Forgejo rejects `forgejo.token`. Create a new one.",
    FORGEJO_SCOPE_MISSING: "The token lacks a scope, which the message names. Create a token with it.",
    FORGEJO_RIGHT_MISSING: "The token's user has insufficient permissions. It must be an owner.",
    FORGEJO_USER_OTHER: "The token is another user's. Correct `user:<login>`, or use that user's token.",
    FORGEJO_REPOSITORY_UNKNOWN:
      "The repository or organisation does not exist, or the token has no access to it. Check both.",
    FORGEJO_REPOSITORY_MOVED: "The repository has a new name. Use it in the settings.",
    FORGEJO_REPOSITORY_REPLACED: "The name now belongs to a different repository. Refresh, or correct the settings.",
    FORGEJO_REPOSITORY_ARCHIVED: "The repository is archived. Unarchive it, or remove it from the settings.",
    FORGEJO_ACTIONS_DISABLED: "Actions are disabled in the repository. Enable them, or remove it from the settings.",
    FORGEJO_VARIABLE_TAKEN: "The variable beside the secret is not this program's. Rename or delete it.",
    FORGEJO_WORKFLOW_UNKNOWN:
      "Forgejo cannot start the workflow. Check `acceptance.workflow`, or `jobToken.proof` of the account.",
    FORGEJO_JOB_TOKENS_UNKNOWN: "Forgejo is older than 15.0.0 and gives its jobs no tokens. Upgrade it, or use keys.",
    FORGEJO_ISSUER_DIFFERS:
      "Forgejo's tokens have an issuer other than the one zot would expect. Set `forgejo.rootUrl`.",
    FORGEJO_NAME_DIFFERS:
      "Forgejo and its tokens spell a repository differently from the settings. Use Forgejo's spelling.",
    SERVICE_DOWN:
      "zot or Forgejo does not work at the end of an `up`, so CI cannot push. Nothing was rolled back. The message says what to check.",
    TEST_BUILD_FAILED: "The test build failed. See its log in Forgejo.",
  },
} as const satisfies Readonly<Record<string, Readonly<Record<string, string>>>>;

type Systems = typeof ERROR_CODES;

/** Every code that an error of this program can have. */
export type ErrorCode = { [System in keyof Systems]: keyof Systems[System] }[keyof Systems];
