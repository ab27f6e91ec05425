import { ZotAuthError } from "../../../core/errors.ts";
import type { SecretReference } from "../../../core/secretReference.ts";
import { accountKeys, report } from "./accountKeys.ts";
import type { OwnKey, UnknownKey } from "./accountKeys.ts";
import type { Secret } from "../../../core/secret.ts";
import { keyWorks } from "../client.ts";
import { findSecret } from "../../onePassword/resolver.ts";
import type { Context } from "../../../provider/resource.ts";

/** Lists the account's keys and tells of those that nobody declared. It changes nothing. */
export interface KeysSeenArgs {
  readonly registryUrl: string;
  readonly username: string;
  /** Where the key in force is: it may list the account's keys. */
  readonly source: SecretReference;
  /** The first part of our own keys' labels. */
  readonly owner: string;
  /** The key in force. */
  readonly uuid: string;
  readonly fingerprint: string;
  /** What becomes of the keys that nobody declared, for what is told of them. */
  readonly policy: "report" | "revoke";
}

/** Empty, where the keys could not be looked at; a warning says why. */
export interface KeysSeen {
  /** Keys of ours beside the one in force. */
  readonly superseded?: readonly OwnKey[];
  readonly unknown?: readonly UnknownKey[];
}

export async function keysSeen(args: KeysSeenArgs, context: Context): Promise<KeysSeen> {
  const { username, source, uuid } = args;
  const { signal } = context;
  try {
    const key = await findSecret(source, signal);
    const wrong = await wrongWith(args, key, signal);
    if (key === undefined || wrong !== "") {
      context.warn(`${wrong}, so the keys of ${username} were not looked at. \`pulumi up --refresh\` makes a new key.`);
      return {};
    }
    const { own, unknown } = await accountKeys(args, { kind: "key", username, key }, signal);
    for (const found of unknown) report(args, found, context);
    return { superseded: own.filter((found) => found.uuid !== uuid), unknown };
  } catch (error) {
    // What needs the servers fails by itself; an update that has nothing to do goes well without them.
    if (!(error instanceof ZotAuthError)) throw error;
    context.warn(`the keys of ${username} were not looked at: ${error.message}`);
    return {};
  }
}

async function wrongWith(
  { registryUrl, username, source, fingerprint }: KeysSeenArgs,
  key: Secret | undefined,
  signal: AbortSignal,
): Promise<string> {
  if (key === undefined) return `${source} is empty or gone`;
  if (key.fingerprint !== fingerprint) return `${source} holds another key than the one in force`;
  return (await keyWorks(registryUrl, username, key, signal)) ? "" : "zot refuses the key in force";
}
