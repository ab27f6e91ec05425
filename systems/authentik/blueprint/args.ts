import type { AccountNames } from "../../../core/settings/accountNames.ts";

/** A service account that CI pushes with. */
export interface BlueprintAccount {
  /** Its user name. A change creates a new account; the old one is removed after the grace period of its keys. */
  readonly user: string;
  /** The group that it is put into. No two accounts share one. */
  readonly group: string;
  /** Where the settings name both, for messages. Default: as with one account, `ci.user` and `access.ciGroup`. */
  readonly settings?: AccountNames | undefined;
}

/** What the blueprint makes in Authentik. */
export interface BlueprintArgs {
  /** The registry's address, without a trailing slash: `https://registry.example.net`. Authentik redirects users there. */
  readonly registryUrl: string;
  /** Slug of the application. It is part of the issuer, so a change restarts zot. */
  readonly application: string;
  /** The application's name, as people see it. */
  readonly applicationName: string;
  /** Name of the OAuth2 provider. */
  readonly providerName: string;
  /** The OAuth2 client id. */
  readonly clientId: string;
  /** Environment variable of Authentik's worker that holds the OAuth2 client secret. */
  readonly clientSecretVariable: string;
  /** Slug of the authorization flow, which another blueprint creates. */
  readonly authorizationFlow: string;
  /** Slug of the invalidation flow, which another blueprint creates. */
  readonly invalidationFlow: string;
  /** Name of the certificate that signs tokens. */
  readonly signingCertificate: string;
  /** Slug of the sign-in flow for machines. It accepts app passwords only, and signs in only members of the accounts' groups. */
  readonly machineFlow: string;
  /** The service accounts that CI pushes with, by ids of your choice: at least one. An account that is removed here is removed in Authentik. */
  readonly accounts: Readonly<Record<string, BlueprintAccount>>;
  /** The groups that may sign in, in the order of their PolicyBindings. All but those of the accounts must exist. */
  readonly signInGroups: readonly string[];
  /** Names (`metadata.name`) of blueprints that Authentik applies before this one. */
  readonly appliedAfter: readonly string[];
}
