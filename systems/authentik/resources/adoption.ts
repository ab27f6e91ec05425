import { ZotAuthError } from "../../../core/errors.ts";
import { unlessUnreadable } from "../../../core/time/lookAhead.ts";
import type { Context } from "../../../provider/resource.ts";
import { assertMayBeCis } from "../applying/removal/accounts.ts";
import { checkClientId } from "../applying/clientId.ts";
import { parseDeclared } from "../blueprint/declared.ts";
import type { BlueprintObject } from "../blueprint/objects.ts";
import { Authentik } from "../client.ts";
import type { AuthentikConnection } from "../client.ts";
import { PROVIDER, USER, text } from "../compared/models.ts";
import { existingObjects } from "../compared/existing.ts";
import { adoptionText, refusalOf } from "../compared/messages.ts";

/** What a blueprint declares, and what may get lost when it takes over what exists. Nothing of it is kept in the state. */
export interface AdoptionArgs extends AuthentikConnection {
  /** All entries of the blueprint, in JSON. Default: nothing is compared. */
  readonly declared?: string | undefined;
  /** The setting that names each account, by user name, for messages. Default: `ci.user`. */
  readonly namedBy?: Readonly<Record<string, string>> | undefined;
  /** Access that may be taken away, each in the words of the preview. */
  readonly acceptRemoved?: readonly string[] | undefined;
  /** Fingerprint of the client secret that zot gets. Default: the existing provider's secret is not compared. */
  readonly clientSecretFingerprint?: string | undefined;
}

/**
 * A preview reports what exists in Authentik of what the blueprint makes the first time, and what becomes of it.
 *
 * @param knownTo finds the objects that the stack has made so far
 */
export async function tellOfAdoption(
  args: AdoptionArgs,
  knownTo: (authentik: Authentik) => Promise<readonly BlueprintObject[]>,
  context: Context,
): Promise<void> {
  const { declared, namedBy, acceptRemoved = [], clientSecretFingerprint } = args;
  if (declared === undefined) return;
  const unknown =
    "What exists in Authentik was not compared. `up` adopts what has the blueprint's names, and takes no access away that authentik.acceptRemoved does not list";
  await unlessUnreadable(unknown, context, async (signal) => {
    const authentik = new Authentik(args, signal);
    const known = await knownTo(authentik);
    const checks = newAccounts(declared, known).map(
      (user) => async () => assertMayBeCis(authentik, user, true, namedBy?.[user]),
    );
    const taken = [
      ...(await Promise.all(checks.map(taking))),
      known.length > 0 ? undefined : await takenClientId(args, declared, { ...context, signal }),
    ].filter((why) => why !== undefined);
    if (taken.length > 0) {
      context.warn(taken.map((why) => `\`up\` fails: ${why}`).join("\n"));
      return;
    }
    // Not known in a preview that cannot read 1Password.
    const secret = typeof clientSecretFingerprint === "string" ? clientSecretFingerprint : undefined;
    const adopted = await existingObjects(authentik, declared, known, secret);
    const adoption = adoptionText(adopted, nameOf(args), acceptRemoved);
    if (adoption.lost) context.warn(adoption.text);
    else if (adoption.text !== "") context.info(adoption.text);
  });
}

/**
 * Refuses to take somebody's accounts over, and to take access away that the settings do not accept: a preview may not have shown it.
 *
 * @param known the objects that the stack has made so far
 * @throws ZotAuthError `ACCOUNT_TAKEN`, `ACCESS_REMOVED`
 */
export async function assertAccepted(
  args: AdoptionArgs,
  known: readonly BlueprintObject[],
  context: Context,
): Promise<void> {
  const { declared, namedBy, acceptRemoved = [] } = args;
  if (declared === undefined) return;
  const authentik = new Authentik(args, context.signal);
  for (const user of newAccounts(declared, known)) await assertMayBeCis(authentik, user, true, namedBy?.[user]);
  const adopted = await existingObjects(authentik, declared, known);
  const refusal = refusalOf(adopted, nameOf(args), acceptRemoved);
  if (refusal !== undefined) throw new ZotAuthError("ACCESS_REMOVED", `${refusal}\nAuthentik was not changed.`);
}

/** User names of the accounts that the stack has not made. One that it has made is its own, also if somebody has changed it since. */
function newAccounts(declared: string, known: readonly BlueprintObject[]): readonly string[] {
  const users = parseDeclared(declared)
    .filter(({ model }) => model === USER)
    .map(({ identifiers }) => text(identifiers["username"]));
  return users.filter((user) => user !== "" && !known.includes(`${USER} ${user}`));
}

/** What the preflight of `up` says of a client ID or a provider's name that another provider has. */
async function takenClientId(args: AdoptionArgs, declared: string, context: Context): Promise<string | undefined> {
  const provider = parseDeclared(declared).find(({ model }) => model === PROVIDER);
  const clientId = text(provider?.identifiers["client_id"]);
  return taking(async () => checkClientId(args, { clientId, providerName: text(provider?.attrs["name"]) }, context));
}

/** Why a check refuses what is somebody else's; `undefined` if it does not. */
async function taking(check: () => Promise<void>): Promise<string | undefined> {
  try {
    await check();
    return undefined;
  } catch (error) {
    if (error instanceof ZotAuthError && TAKEN.includes(error.code)) return error.message;
    throw error;
  }
}

const TAKEN: readonly string[] = ["ACCOUNT_TAKEN", "CLIENT_ID_TAKEN"];

function nameOf({ authentikUrl }: AdoptionArgs): string {
  return `Authentik (${authentikUrl})`;
}
