import type { Duration } from "../../core/time/duration.ts";
import type { SecretReference } from "../../core/secrets/reference.ts";
import { jobToken } from "../../systems/forgejo/jobToken/settings.ts";
import type { JobTokenSettings } from "../../systems/forgejo/jobToken/settings.ts";
import { sidesOf } from "../../systems/forgejo/jobToken/tokenTargets.ts";
import { DEFAULT_SECRET_NAME } from "../../systems/forgejo/settings.ts";
import type { ForgejoSettings } from "../../systems/forgejo/settings.ts";
import { jobConditions, jobGroup, keyConditions } from "../../systems/zot/access/jobConditions.ts";
import type { CiAccess } from "../../systems/zot/access/rules.ts";
import { DEFAULT_CI_GROUP } from "../../systems/zot/access/settings.ts";
import type { AccessSettings } from "../../systems/zot/access/settings.ts";
import { DEFAULT_CI_USER } from "../../systems/zot/keys/settings.ts";
import type { CiGroup, WrittenAccount } from "./accountSchema.ts";

/** The id of the only account in the form without `ci.accounts`. */
export const ONLY = "ci";

/** What the names of an account's resources have in addition. Those of the only one have nothing, so that its stack goes on. */
export function suffixOf(id: string): string {
  return id === ONLY ? "" : `-${id}`;
}

/** Who may push: what an account has, however it signs in. */
export interface Pusher {
  readonly user: string;
  readonly group: string;
  /** The namespaces of its images; the first one is the prefix that CI gets. */
  readonly prefixes: readonly [string, ...string[]];
  /** The image repository in which it is proved. */
  readonly repository: string;
  /** What it may do, for zot's rules: with its key, and with its jobs' tokens. Also the key of an account that had one: it is revoked after the proof. */
  readonly access: readonly [CiAccess, ...CiAccess[]];
}

/** An account whose jobs push with their tokens. */
export interface JobAccount extends Pusher, Omit<JobTokenSettings, "proof"> {
  /** Repositories, organisations and users whose jobs may push, in Forgejo's own spelling. */
  readonly repositories: readonly string[];
  readonly proof: JobTokenSettings["proof"];
}

/** A service account that CI pushes with, and its key. */
export interface CiAccount extends Pusher {
  /** The 1Password fields of its key: the first, and its copies. */
  readonly keyStores: readonly [SecretReference, ...SecretReference[]];
  readonly secretName: string;
  /** Repositories, organisations and users that get its key. */
  readonly repositories: readonly string[];
  readonly keyLifetime: Duration;
  readonly rotateAfter: Duration | undefined;
  readonly gracePeriod: Duration;
  readonly rotationTrigger: string | undefined;
  readonly revocationTrigger: string | undefined;
  readonly unmanagedKeys: "report" | "revoke";
  readonly onDestroy: "blank" | "leave";
}

interface Written {
  readonly ci: CiGroup;
  readonly access: AccessSettings;
  readonly forgejo: ForgejoSettings;
  readonly acceptance: { readonly repository: string };
}

/** The accounts of the settings by their ids, in their order. */
export function ciAccounts({ ci: common, access, forgejo, acceptance }: Written): Readonly<Record<string, CiAccount>> {
  const { accounts, user = DEFAULT_CI_USER, keyStore, imagePrefix, ...life } = common;
  if (accounts === undefined) {
    const group = access.ciGroup ?? DEFAULT_CI_GROUP;
    const { secretName: name = DEFAULT_SECRET_NAME, repositories = [] } = forgejo;
    if (imagePrefix === undefined || keyStore === undefined)
      throw new TypeError("the form of the accounts was not checked");
    const [prefixes, keyStores] = [[imagePrefix], [keyStore]] as const;
    const { rotateAfter, rotationTrigger, revocationTrigger } = life;
    return {
      [ONLY]: {
        ...life,
        ...{ user, group, prefixes, keyStores, secretName: name, repositories },
        ...{ rotateAfter, rotationTrigger, revocationTrigger },
        repository: acceptance.repository,
        access: [{ group }],
      },
    };
  }
  return Object.fromEntries(
    Object.entries(accounts)
      .filter(([, { auth }]) => auth !== "jobToken")
      .map(([id, own]) => [
        id,
        {
          ...pusherOf(id, own, acceptance.repository),
          keyStores: (own.keyStores ?? []) as readonly string[] as [SecretReference, ...SecretReference[]],
          secretName: own.secretName ?? DEFAULT_SECRET_NAME,
          repositories: own.repositories ?? [],
          keyLifetime: own.keyLifetime ?? life.keyLifetime,
          rotateAfter: own.rotateAfter ?? (own.keyLifetime === undefined ? life.rotateAfter : undefined),
          gracePeriod: own.gracePeriod ?? life.gracePeriod,
          rotationTrigger: either(life.rotationTrigger, own.rotationTrigger),
          revocationTrigger: either(life.revocationTrigger, own.revocationTrigger),
          unmanagedKeys: own.unmanagedKeys ?? life.unmanagedKeys,
          onDestroy: own.onDestroy ?? life.onDestroy,
        },
      ]),
  );
}

/** The accounts whose jobs push with their tokens, by their ids. */
export function jobAccounts({
  ci: { accounts = {} },
  acceptance,
}: Pick<Written, "ci" | "acceptance">): Readonly<Record<string, JobAccount>> {
  return Object.fromEntries(
    Object.entries(accounts)
      .filter(([, { auth }]) => auth !== "apiKey")
      .map(([id, own]) => {
        const { proof, ...token } = own.jobToken ?? jobToken.parse({});
        return [
          id,
          { ...pusherOf(id, own, acceptance.repository), ...token, proof, repositories: own.repositories ?? [] },
        ];
      }),
  );
}

function pusherOf(
  id: string,
  { auth, user, group = user, push, repositories = [], ...own }: WrittenAccount,
  image: string,
): Pusher {
  const { shortKey = false } = own.jobToken ?? {};
  const withKey: CiAccess = { group, namespaces: push };
  const setting = `ci.accounts.${id}.repositories`;
  const withToken: CiAccess = {
    group: jobGroup(group),
    namespaces: push,
    conditions: jobConditions({ user, ...sidesOf(repositories), shortKey, setting }),
  };
  return {
    user,
    group,
    prefixes: push as [string, ...string[]],
    repository: `${push[0] ?? ""}/${image}`,
    access: auth === "apiKey" ? [withKey] : [{ ...withKey, conditions: keyConditions(user) }, withToken],
  };
}

/** A trigger of all accounts and one of this account alone: a change of either is one. */
function either(ofAll: string | undefined, own: string | undefined): string | undefined {
  return own === undefined ? ofAll : `${ofAll ?? ""} ${own}`;
}

/** What a job asks its token for: zot knows by it which account the token is for. */
export function audienceOf(registryUrl: string, id: string): string {
  return `${registryUrl}/${id}`;
}

/** Every account once, with its id: those with a key first. */
export function pushers({
  accounts,
  jobAccounts: jobs,
}: {
  readonly accounts: Readonly<Record<string, CiAccount>>;
  readonly jobAccounts: Readonly<Record<string, JobAccount>>;
}): readonly (readonly [string, Pusher])[] {
  return [...Object.entries(accounts), ...Object.entries(jobs).filter(([id]) => accounts[id] === undefined)];
}

/** The first account: the outputs of a stack that concern one account are about this one. */
export function mainAccount({ accounts }: { readonly accounts: Readonly<Record<string, CiAccount>> }): CiAccount {
  const [first] = Object.values(accounts);
  if (first === undefined) throw new TypeError("the settings accepted no account");
  return first;
}
