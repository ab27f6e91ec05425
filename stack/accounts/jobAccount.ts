import { log } from "@pulumi/pulumi";
import type { Output } from "@pulumi/pulumi";
import { JobTokens } from "../../components/index.ts";
import type { TestBuildArgs } from "../../components/acceptance.ts";
import { ONLY, audienceOf, pushers, suffixOf } from "../../settings/accounts/accounts.ts";
import type { JobAccount } from "../../settings/accounts/accounts.ts";
import type { Settings } from "../../settings/schema.ts";
import { isAmong, ownerOf, ownersOf } from "../../systems/forgejo/jobToken/tokenTargets.ts";
import { generationOf } from "./ciAccount.ts";
import type { AccountBase } from "./ciAccount.ts";
import { wayOf } from "../preflightArguments.ts";

/** An account whose jobs push with their tokens. */
export interface RegisteredJobAccount {
  readonly id: string;
  readonly account: JobAccount;
  readonly audience: string;
  /** How the proof ended; absent without one. */
  readonly result: Output<string | undefined>;
}

/** Every account with job tokens: the proof, and what its jobs read. */
export function registerJobAccounts(base: AccountBase): readonly RegisteredJobAccount[] {
  const { settings, options } = base;
  return Object.entries(settings.jobAccounts).map(([id, account]) => {
    const { user, prefixes, repositories, name, shortKey } = account;
    const audience = audienceOf(settings.registry.url, id);
    const { result } = new JobTokens(
      `job-tokens${suffixOf(id)}`,
      {
        forgejoUrl: settings.forgejo.url,
        forgejoToken: settings.forgejo.token,
        owner: id === ONLY ? base.owner : `${base.owner}/${id}`,
        variableName: name,
        targets: repositories,
        login: {
          user,
          registry: settings.registry.url,
          prefix: prefixes[0],
          audience,
          ...(shortKey ? { shortKey } : {}),
        },
        configHash: base.configHash,
        server: base.server,
        proof: jobTokenProof(settings, id, account),
        again: base.again,
        generation: generationOf(base, wayOf.jobToken(id)),
      },
      options,
    );
    warnOf(id, account);
    return { id, account, audience, result };
  });
}

function warnOf(id: string, { proof, shortKey }: JobAccount): void {
  const setting = `ci.accounts.${id}.jobToken`;
  if (proof === undefined) {
    void log.warn(
      `Nothing proves that jobs can push with their tokens as ${id}. Copy ci/forgejo/zot-auth-proof.yaml to one of its repositories, and name that in ${setting}.proof.`,
    );
  }
  if (shortKey) {
    void log.warn(
      `${setting}.shortKey is set: a job of ${id} can create a key that never expires, and whoever gets hold of it pushes until the repository leaves ci.accounts.${id}.repositories, or ${id} has no job tokens any more. If your client can send a token, remove the setting.`,
    );
  }
}

/** What the workflow ci/forgejo/zot-auth-proof.yaml is to show, in a job of the account's repository. */
export function jobTokenProof(settings: Settings, id: string, account: JobAccount): TestBuildArgs | undefined {
  const { registry, forgejo } = settings;
  const { user, proof, repository, shortKey } = account;
  if (proof === undefined) return undefined;
  const others = pushers(settings).filter(([other]) => other !== id);
  const strangers = Object.entries(settings.jobAccounts)
    .filter(([other, { repositories }]) => other !== id && !isAmong(proof.repository, repositories))
    .map(([other, { repositories, repository: image }]) => {
      // zot does not know a token of another owner, and knows one of the same owner by its repository.
      const status = ownersOf(repositories).includes(ownerOf(proof.repository)) ? 403 : 401;
      return `${audienceOf(registry.url, other)}|${image}|${status}`;
    });
  return {
    forgejoUrl: forgejo.url,
    forgejoToken: forgejo.token,
    repository: proof.repository,
    workflow: proof.file,
    ref: proof.ref,
    timeout: proof.timeout,
    inputs: {
      registry: registry.url,
      audience: audienceOf(registry.url, id),
      // The repositories get their variable after the proof.
      user,
      repository,
      refused: others.map(([, other]) => `${other.prefixes[0]}/zot-auth-sample`).join(" "),
      strangers: strangers.join(" "),
      shortKey: String(shortKey),
    },
  };
}
