import { output } from "@pulumi/pulumi";
import type { ComponentResourceOptions, Input, Output, Resource } from "@pulumi/pulumi";
import { Acceptance, CiServiceAccount, ForgejoSecret } from "../../components/index.ts";
import type { AcceptanceResults } from "../../components/acceptance.ts";
import type { AuthentikAccess } from "../../components/authentikAccess.ts";
import type { KeyOutputs } from "../../components/ciServiceAccount.ts";
import { ONLY, suffixOf } from "../../settings/accounts/accounts.ts";
import type { CiAccount } from "../../settings/accounts/accounts.ts";
import type { Settings } from "../../settings/schema.ts";
import type { ZotVersion } from "../../systems/zot/version.ts";
import * as from from "../arguments.ts";
import { wayOf } from "../preflightArguments.ts";

/** What every CI account is built on. */
export interface AccountBase {
  readonly settings: Settings;
  /** First part of the labels of our keys and secrets. */
  readonly owner: string;
  readonly access: AuthentikAccess;
  readonly server: Resource;
  readonly version: ZotVersion;
  readonly configHash: Output<string>;
  readonly clientSecretFingerprint: Input<string>;
  /** When it was asked to prove again, RFC 3339. */
  readonly again?: string | undefined;
  /** Of `Preflight`: when something came back that the settings had left out. Default: nothing has. */
  readonly generations?: Output<Readonly<Record<string, number>> | undefined> | undefined;
  readonly options?: ComponentResourceOptions;
}

/** @param way one of {@link wayOf} */
export function generationOf({ generations }: AccountBase, way: string): Output<number | undefined> {
  return output(generations).apply((counted) => counted?.[way]);
}

/** A CI account with its key. */
export interface RegisteredAccount {
  readonly id: string;
  readonly account: CiAccount;
  readonly key: KeyOutputs;
  readonly results: Output<AcceptanceResults>;
}

/** Every CI account: the account with its key, the key in Forgejo, and the proof. They do not wait for one another. */
export function registerAccounts(base: AccountBase): readonly RegisteredAccount[] {
  const { settings } = base;
  const registered = Object.entries(settings.accounts).map(([id, account]) => registerAccount(id, account, base));
  const [main] = registered;
  // The component with the other secrets has the name of the only account's, whatever the accounts are called.
  if (main !== undefined && settings.accounts[ONLY] === undefined && settings.forgejo.secrets.length > 0) {
    new ForgejoSecret(
      "forgejo",
      {
        ...from.forgejoSecretArgs(settings, { ...main.account, repositories: [] }),
        owner: base.owner,
        key: { ...main.key, source: main.account.keyStores[0] },
        otherSecrets: from.otherSecrets(settings),
        generation: generationOf(base, wayOf.otherSecrets),
      },
      base.options,
    );
  }
  return registered;
}

function registerAccount(id: string, account: CiAccount, base: AccountBase): RegisteredAccount {
  const { settings, access, server, options = {} } = base;
  const suffix = suffixOf(id);
  const owner = id === ONLY ? base.owner : `${base.owner}/${id}`;
  const stack = account.access[0].namespaces === undefined ? undefined : base.owner;
  const generation = generationOf(base, wayOf.key(id));
  const { key, keys } = new CiServiceAccount(
    `ci${suffix}`,
    {
      ...from.ciServiceAccountArgs(settings, account),
      owner,
      stack,
      access,
      account: access.account(id),
      server,
      generation,
    },
    options,
  );
  const secrets = new ForgejoSecret(
    `forgejo${suffix}`,
    {
      ...from.forgejoSecretArgs(settings, account),
      owner,
      key: { ...key, source: account.keyStores[0] },
      otherSecrets: id === ONLY ? from.otherSecrets(settings) : [],
      generation,
    },
    { ...options, dependsOn: [...dependenciesOf(options), keys] },
  );
  const { results } = new Acceptance(
    `acceptance${suffix}`,
    {
      ...from.acceptanceArgs(settings, account, base.version),
      owner,
      stack,
      key,
      configHash: base.configHash,
      clientSecretFingerprint: base.clientSecretFingerprint,
      secrets,
      again: base.again,
    },
    options,
  );
  return { id, account, key, results };
}

function dependenciesOf({ dependsOn }: ComponentResourceOptions): readonly Resource[] {
  return Array.isArray(dependsOn) ? (dependsOn as readonly Resource[]) : [];
}
