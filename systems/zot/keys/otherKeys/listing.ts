import { ZotAuthError } from "../../../../core/errors.ts";
import type { Secret } from "../../../../core/secrets/secret.ts";
import type { SecretReference } from "../../../../core/secrets/reference.ts";
import type { Context } from "../../../../provider/resource.ts";
import { findSecret } from "../../../onePassword/resolver.ts";
import { keyWorks } from "../../client.ts";
import { accountKeys, report } from "./accountKeys.ts";
import type { Account, OwnKey, UnmanagedKey, UnmanagedKeysPolicy } from "./accountKeys.ts";

export interface ListingArgs extends Account {
  /** Where the current key is stored: it may list the account's keys. */
  readonly source: SecretReference;
  /** The current key. */
  readonly uuid: string;
  readonly fingerprint: string;
  readonly unmanagedKeys: UnmanagedKeysPolicy;
}

/** The account's keys other than the current one. */
export interface Listing {
  /** Our own. */
  readonly superseded: readonly OwnKey[];
  readonly unmanaged: readonly UnmanagedKey[];
}

/**
 * Lists the account's other keys in every `up` and reports the unmanaged ones. It changes nothing. A function and no part of the resource, since
 * the engine calls only `diff` of an unchanged resource, which cannot tell whether this is a preview.
 *
 * @returns no `listing` if the keys could not be listed; a warning says why
 */
export async function listOtherKeys(args: ListingArgs, context: Context): Promise<{ readonly listing?: Listing }> {
  const { username, source, uuid, unmanagedKeys } = args;
  const { signal } = context;
  const notListed = `the keys of ${username} were not listed`;
  try {
    const key = await findSecret(source, signal);
    const wrong = await wrongWith(args, key, signal);
    if (key === undefined || wrong !== "") {
      context.warn(`${wrong}, so ${notListed}. \`pulumi up --refresh\` creates a new key.`);
      return {};
    }
    const { own, unmanaged } = await accountKeys(args, { kind: "key", username, key }, signal);
    for (const found of unmanaged) report(args, found, unmanagedKeys, context);
    return { listing: { superseded: own.filter((found) => found.uuid !== uuid), unmanaged } };
  } catch (error) {
    // What needs the servers fails by itself; an update without changes succeeds without them.
    if (!(error instanceof ZotAuthError)) throw error;
    context.warn(`${notListed}: ${error.message}`);
    return {};
  }
}

async function wrongWith(
  { registryUrl, username, source, fingerprint }: ListingArgs,
  key: Secret | undefined,
  signal: AbortSignal,
): Promise<string> {
  if (key === undefined) return `${source} is empty or does not exist`;
  if (key.fingerprint !== fingerprint) return `${source} does not hold the current key`;
  return (await keyWorks(registryUrl, username, key, signal)) ? "" : "zot rejects the current key";
}
