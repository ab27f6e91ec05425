import { ZotAuthError } from "../../../../core/errors.ts";
import type { Context } from "../../../../provider/resource.ts";
import { isDeclared, ownerOf } from "../../../authentik/applying/removal/accounts.ts";
import type { FormerlyDeclared } from "../../../authentik/blueprint/former.ts";
import { withWayIn } from "../../../authentik/applying/wayIn.ts";
import { appPasswordIdentifier } from "../../../authentik/blueprint/render.ts";
import { WAY_IN } from "../../../authentik/blueprint/wayIn.ts";
import { Authentik } from "../../../authentik/client.ts";
import { listKeys, revokeKey } from "../../client.ts";
import type { ZotCredentials } from "../../client.ts";
import { signedIn } from "../../signIn/check.ts";
import type { SignInArgs } from "../../signIn/check.ts";
import { beginSignIn } from "../../signIn/zotSignIn.ts";
import { accountKeys } from "../otherKeys/accountKeys.ts";
import { whenUnused } from "../otherKeys/inUse.ts";
import { isDue, plus, rfc3339 } from "../rotation.ts";
import type { KeyOwner } from "../rotation.ts";
import type { KeyPlace } from "./formerPlaces.ts";

/** An account that `ci.user` named before. Its keys work without it, so it is removed only once they are revoked. */
export interface FormerAccount {
  readonly username: string;
  /** Counts the changes of the account: distinguishes one that was declared again in between. */
  readonly generation: number;
  /** When its last key expires at the latest, RFC 3339. Absent in the state of earlier versions, like the next one. */
  readonly expires?: string;
  /** The registry that has its keys. */
  readonly registryUrl?: string;
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

/** What decides which accounts are former. */
interface Declared {
  readonly username: string;
  readonly registryUrl: string;
  /** Seconds that a key is valid. Absent in the state of earlier versions, like the next one. */
  readonly lifetime?: number;
  /** Accounts that earlier blueprints created. */
  readonly declaredBefore?: readonly FormerlyDeclared[];
}

/** The former accounts after a change of the settings. */
export function formerAccountsAfter(
  state: Omit<Declared, "registryUrl"> & { readonly formerAccounts?: readonly FormerAccount[] },
  inputs: Required<Declared>,
  now: Date,
): readonly FormerAccount[] {
  const { formerAccounts = [] } = state;
  const expires = plus(rfc3339(now), Math.max(state.lifetime ?? 0, inputs.lifetime));
  const joining = newlyFormer(state, inputs);
  const known = formerAccounts
    .filter(({ username }) => username !== inputs.username && !joining.has(username))
    .map((account) => ({ ...account, expires: account.expires ?? expires }));
  let generation = Math.max(0, ...formerAccounts.map((account) => account.generation));
  // If the registry changes in the same edit, ApiKey revokes the keys at the one before: it still has one of them.
  const { registryUrl } = inputs;
  return [...known, ...[...joining].map((username) => ({ username, generation: ++generation, expires, registryUrl }))];
}

/** Whether a change of the settings leaves the former accounts as they are. In a preview, the accounts of earlier blueprints may be unknown. */
export function keepsFormerAccounts(
  state: Parameters<typeof formerAccountsAfter>[0],
  inputs: Required<Declared>,
): boolean {
  const { formerAccounts = [] } = state;
  return (
    Array.isArray(inputs.declaredBefore) &&
    newlyFormer(state, inputs).size === 0 &&
    formerAccounts.every(
      ({ username, expires }) => username !== inputs.username && expires !== undefined && !isOver(expires),
    )
  );
}

/** The account before a change of `ci.user`, and any that only Authentik ever got: that run was interrupted. */
function newlyFormer(
  { username, declaredBefore, formerAccounts = [] }: Parameters<typeof formerAccountsAfter>[0],
  inputs: Required<Declared>,
): ReadonlySet<string> {
  const isKnown = (account: FormerlyDeclared): boolean =>
    declaredBefore === undefined
      ? formerAccounts.some((known) => known.username === account.username)
      : declaredBefore.some((known) => known.username === account.username && known.generation === account.generation);
  const unknown = inputs.declaredBefore.filter((account) => !isKnown(account)).map((account) => account.username);
  const joining = new Set([username, ...unknown]);
  joining.delete(inputs.username);
  return joining;
}

/** Without accounts of which nothing can be left: their keys have expired, and Authentik does not have them. */
export async function withoutForgotten(
  accounts: readonly FormerAccount[],
  { signIn }: Pick<Acting, "signIn">,
  context: Context,
): Promise<readonly FormerAccount[]> {
  const authentik = new Authentik(signIn, context.signal);
  const left: FormerAccount[] = [];
  for (const account of accounts)
    if (!isOver(account.expires) || (await ownerOf(authentik, account.username)) === "ours") left.push(account);
  return left;
}

function isOver(expires: string | undefined): boolean {
  return expires !== undefined && isDue(expires, new Date());
}

/** An account to act as. `retired` if it is known whether its keys were revoked. */
type ActingAs = Pick<FormerAccount, "username" | "expires" | "registryUrl"> & { readonly retired?: boolean };

/**
 * Signs in to zot as an account that need not exist any more, does something, and removes the account from Authentik. An account of that name that somebody else
 * has created since stays as it is, and so does one that another account of the settings has become.
 */
export async function asFormerAccount(
  { username, expires, registryUrl: registryOfKeys, retired }: ActingAs,
  { signIn, timeout }: Acting,
  context: Context,
  use: (credentials: ZotCredentials) => Promise<void>,
): Promise<void> {
  const { authentikUrl, authentikToken, issuer, registryUrl } = signIn;
  const appPassword = appPasswordIdentifier(username);
  if (isDeclared(username, context)) {
    await signedIn({ ...signIn, username, appPassword }, context, async ({ zot }) => use(zot.credentials));
    return;
  }
  const owner = await ownerOf(new Authentik(signIn, context.signal), username);
  const until = expires ?? "they expire";
  if (typeof owner !== "string") {
    const keys = `Keys that an earlier account of that name left at ${registryUrl} are valid until ${until}.`;
    context.warn(isOver(expires) ? owner.foreign : `${owner.foreign} ${keys}`);
    return;
  }
  if (owner === "absent" && isOver(expires)) return;
  const { authorize } = await beginSignIn(registryUrl, context.signal);
  const clientId = authorize.searchParams.get("client_id") ?? "";
  await withWayIn({ authentikUrl, authentikToken, username, clientId, issuer, timeout }, context, async () => {
    await signedIn(
      { ...signIn, username, appPassword, machineFlow: WAY_IN, ciGroup: WAY_IN },
      context,
      async ({ zot: { credentials } }) => {
        const isElsewhere = registryOfKeys !== undefined && registryOfKeys !== registryUrl;
        const mayHaveKeys = owner === "ours" || retired === false;
        // Keys are at another address of the same registry, too.
        if (isElsewhere && mayHaveKeys && (await listKeys(registryUrl, credentials, context.signal)).length === 0) {
          context.warn(
            `Keys that this program created for ${username} at ${registryOfKeys} were not revoked: the account can no longer sign in there. They are valid until ${until}.`,
          );
        }
        await use(credentials);
      },
    );
  });
}

/**
 * Revokes our keys of a former account, once they are unused, and removes the account.
 *
 * @param beforeRevokingAll is called if the account has no other keys
 */
export async function retireAccount(
  former: ActingAs,
  owner: KeyOwner & { readonly unmanagedKeys?: "report" | "revoke" },
  acting: Acting,
  context: Context,
  beforeRevokingAll?: (place: KeyPlace) => Promise<void>,
): Promise<void> {
  const { registryUrl } = acting.signIn;
  const { username } = former;
  await asFormerAccount(former, acting, context, async (credentials) => {
    // Another account of the settings has the name now: it has its own key there, and sees to the unmanaged ones.
    const isTaken = isDeclared(username, context);
    const account = { ...owner, ...(isTaken ? { stack: undefined } : {}), registryUrl, username };
    const listed = await accountKeys(account, credentials, context.signal);
    const { own, unmanaged } = isTaken ? { ...listed, unmanaged: [] } : listed;
    await whenUnused({ registryUrl, username, uuid: "" }, own, credentials, context);
    const going = owner.unmanagedKeys === "revoke" ? [...own, ...unmanaged] : own;
    if (listed.unmanaged.length === 0) await beforeRevokingAll?.({ username, registryUrl });
    for (const { uuid, label } of going) {
      context.info(`revoking ${label} of ${username}`);
      await revokeKey(registryUrl, credentials, uuid, context.signal);
    }
    for (const { label } of unmanaged) if (owner.unmanagedKeys !== "revoke") warnOfUnmanaged(account, label, context);
  });
}

export function warnOfUnmanaged(
  { username, registryUrl }: { readonly username: string; readonly registryUrl: string },
  label: string,
  context: Context,
): void {
  context.warn(
    `${username} has an unmanaged key at ${registryUrl}, "${label}", which is not revoked: zot accepts it even without the account. Revoke it in zot's UI if it is not needed.`,
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
