import { ZotAuthError } from "../../../core/errors.ts";
import type { Context } from "../../../provider/resource.ts";
import { withWayIn } from "../../authentik/applying/wayIn.ts";
import { appPasswordIdentifier } from "../../authentik/blueprint/render.ts";
import { WAY_IN } from "../../authentik/blueprint/wayIn.ts";
import { revokeKey } from "../client.ts";
import type { ZotCredentials } from "../client.ts";
import { signedIn } from "../signIn/check.ts";
import type { SignInArgs } from "../signIn/check.ts";
import { beginSignIn } from "../signIn/zotSignIn.ts";
import { accountKeys } from "./otherKeys/accountKeys.ts";
import { whenUnused } from "./otherKeys/inUse.ts";
import type { KeyOwner } from "./rotation.ts";

/** An account that `ci.user` named before. Its keys work without it, so it is removed only once they are revoked. */
export interface FormerAccount {
  readonly username: string;
  /** Counts the changes of the account: distinguishes one that was declared again in between. */
  readonly generation: number;
}

/** How to act as an account of an earlier setting. */
export interface Acting {
  /** How the current account signs in. */
  readonly signIn: SignInArgs;
  /** Seconds for Authentik to apply a blueprint. */
  readonly timeout: number;
}

/** The former accounts, and how to act as one of them. */
export interface FormerAccounts extends Acting {
  readonly accounts: readonly FormerAccount[];
}

/** The former accounts after `ci.user` has changed. */
export function formerAccountsAfter(
  state: { readonly username: string; readonly formerAccounts?: readonly FormerAccount[] },
  username: string,
): readonly FormerAccount[] {
  const { formerAccounts = [] } = state;
  if (state.username === username) return formerAccounts;
  const generation = Math.max(0, ...formerAccounts.map((account) => account.generation)) + 1;
  const others = formerAccounts.filter((account) => account.username !== state.username);
  return [...others, { username: state.username, generation }].filter((account) => account.username !== username);
}

/** Signs in to zot as an account that need not exist any more, does something, and removes the account from Authentik. */
export async function asFormerAccount<T>(
  username: string,
  { signIn, timeout }: Acting,
  context: Context,
  use: (credentials: ZotCredentials) => Promise<T>,
): Promise<T> {
  const { authentikUrl, authentikToken, issuer, registryUrl } = signIn;
  const { authorize } = await beginSignIn(registryUrl, context.signal);
  const clientId = authorize.searchParams.get("client_id") ?? "";
  return withWayIn({ authentikUrl, authentikToken, username, clientId, issuer, timeout }, context, async () => {
    const appPassword = appPasswordIdentifier(username);
    return signedIn(
      { ...signIn, username, appPassword, machineFlow: WAY_IN, ciGroup: WAY_IN },
      context,
      async ({ zot }) => use(zot.credentials),
    );
  });
}

/** Revokes our keys of a former account, once they are unused, and removes the account. */
export async function retireAccount(
  username: string,
  owner: KeyOwner & { readonly unmanagedKeys?: "report" | "revoke" },
  acting: Acting,
  context: Context,
): Promise<void> {
  const { registryUrl } = acting.signIn;
  await asFormerAccount(username, acting, context, async (credentials) => {
    const account = { ...owner, registryUrl, username };
    const { own, unmanaged } = await accountKeys(account, credentials, context.signal);
    await whenUnused({ registryUrl, username, uuid: "" }, own, credentials, context);
    const going = owner.unmanagedKeys === "revoke" ? [...own, ...unmanaged] : own;
    for (const { uuid, label } of going) {
      context.info(`revoking ${label} of ${username}`);
      await revokeKey(registryUrl, credentials, uuid, context.signal);
    }
    for (const { label } of unmanaged) if (owner.unmanagedKeys !== "revoke") warnOfUnmanaged(username, label, context);
  });
}

export function warnOfUnmanaged(username: string, label: string, context: Context): void {
  context.warn(
    `${username} has an unmanaged key, "${label}", which is not revoked: zot accepts it even without the account. Revoke it in zot's UI if it is not needed.`,
  );
}

/** Authentik no longer lets the account in: it, its app password, its group or its flow is gone or changed. */
export function isRefusedSignIn(error: unknown): error is ZotAuthError {
  return error instanceof ZotAuthError && REFUSALS.includes(error.code);
}

const REFUSALS: readonly string[] = [
  "ACCOUNT_MISSING",
  "ACCOUNT_INACTIVE",
  "ACCOUNT_DENIED",
  "ACCOUNT_NOT_IN_GROUP",
  "APP_PASSWORD_MISSING",
  "APP_PASSWORD_REFUSED",
  "APP_PASSWORD_INVALID",
  "APPLICATION_DENIED",
  "MACHINE_FLOW_MISSING",
  "MACHINE_FLOW_DENIED",
  "NOT_SIGNED_IN",
];
