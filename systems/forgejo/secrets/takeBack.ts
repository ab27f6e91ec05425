import { ZotAuthError, messageOf } from "../../../core/errors.ts";
import { UNREACHED } from "../../../core/serverGone.ts";
import { markerName } from "../target.ts";
import { leaveToSuccessor } from "./successor.ts";
import { changingText, ownerOfLabel, parseMarker } from "./secretMarker.ts";
import type { SecretMarker } from "./secretMarker.ts";
import type { Forgejo } from "../client.ts";
import { TargetMoved } from "../errors.ts";
import { oneAtATime } from "../../../core/concurrency/queue.ts";
import type { Context } from "../../../provider/resource.ts";
import { isDrift, placeOf } from "./actionsSecrets.ts";
import type { PlacedSecret } from "./actionsSecrets.ts";

/** Errors of a Forgejo, or a token, that may be gone for good. */
const GONE: readonly string[] = [
  ...UNREACHED,
  "FORGEJO_TOKEN_REFUSED",
  "FORGEJO_RIGHT_MISSING",
  "FORGEJO_SCOPE_MISSING",
  "FORGEJO_USER_OTHER",
  "SECRET_MISSING",
  "SECRET_EMPTY",
  "ONEPASSWORD_VAULT_UNKNOWN",
  "ONEPASSWORD_ITEM_MISSING",
  "ONEPASSWORD_ITEM_ARCHIVED",
  "ONEPASSWORD_FIELD_MISSING",
];

/**
 * Deletes secret and marker, even if the target was renamed. Keeps what has another owner by now. SecretCleanup, which is deleted later, and FormerSecrets,
 * which comes earlier, insist on it: so a Forgejo that is gone, or that the token is no longer for, must not stop this.
 */
export async function takeBack(forgejo: Forgejo, placed: PlacedSecret, context: Context): Promise<void> {
  try {
    const { secretName, marker } = placed;
    // A row for many takes back while other rows write.
    await oneAtATime(placeOf(forgejo, marker.target, secretName), async () => takeBackPlaced(forgejo, placed, context));
  } catch (error) {
    if (!isGone(error)) throw error;
    context.warn(notDeleted({ ...placed.marker, secretName: placed.secretName }, error));
  }
}

/** Whether the Forgejo, or the token's permission there, may be gone for good: a deletion must not insist. */
export function isGone(error: unknown): error is ZotAuthError {
  return error instanceof ZotAuthError && GONE.includes(error.code);
}

/** A sentence about a secret, or a variable, that stays at a Forgejo. */
export function notDeleted(
  {
    secretName,
    target,
    url,
    isVariable,
  }: Pick<MarkedSecret, "secretName" | "target" | "isVariable"> & { readonly url: string },
  error: ZotAuthError,
): string {
  if (isVariable === true)
    return `The variable ${markerName(secretName)} of ${target} at ${url} was not deleted: ${error.message} It holds no secret; delete it there.`;
  return `The secret ${secretName} of ${target} at ${url} was not deleted: ${error.message} Whoever runs workflows there can use it: delete it there, or replace what it holds (the key with \`npm run rotate\`).`;
}

async function takeBackPlaced(forgejo: Forgejo, placed: PlacedSecret, context: Context): Promise<void> {
  const { secretName, marker } = placed;
  const where = await whereItIs(forgejo, placed, context);
  if (where === undefined) return;
  const variable = markerName(secretName);
  const found = await forgejo.variable(where, variable);
  const seen = found === undefined ? undefined : parseMarker(found);
  const taken =
    seen !== undefined &&
    (ownerOfLabel(seen.label) !== ownerOfLabel(marker.label) ||
      (seen.target ?? marker.target) !== marker.target ||
      (seen.url ?? marker.url) !== marker.url);
  if (taken) {
    // The same repository or Forgejo under the name that the settings have now, the same name for another secret, or another stack.
    context.info(`the secret ${secretName} of ${where} stays: it now belongs to ${seen.label}`);
    return;
  }
  if (where !== marker.target && seen === undefined) {
    context.warn(
      `${marker.target} is now ${where}, and nothing there shows who manages its secret ${secretName}, so the secret stays.`,
    );
    return;
  }
  if (found !== undefined && seen !== undefined && where === marker.target) {
    const lost = { target: where, secretName, owner: ownerOfLabel(marker.label) };
    if (await leaveToSuccessor(forgejo, lost, found, context)) return;
  }
  if (seen !== undefined) await remove(forgejo, where, secretName, marker);
  else await forgejo.deleteSecret(where, secretName);
  if (seen === undefined && found !== undefined)
    context.warn(`someone else changed the variable ${variable} of ${where}, so it stays`);
}

/** The marker first, so that an interruption never leaves one that names a deleted secret. */
async function remove(
  forgejo: Forgejo,
  where: string,
  secretName: string,
  marker: Pick<SecretMarker, "label" | "target" | "url">,
): Promise<void> {
  const variable = markerName(secretName);
  await forgejo.putVariable(where, variable, changingText(marker));
  await forgejo.deleteSecret(where, secretName);
  await forgejo.deleteVariable(where, variable);
}

interface MarkedSecret {
  readonly target: string;
  readonly secretName: string;
  readonly owner: string;
  readonly isVariable?: true;
}

/**
 * Deletes a secret that is no longer declared, even if its creation was interrupted and it is in no state: its marker, written first,
 * names its owner.
 */
export async function takeBackByMarker(forgejo: Forgejo, marked: MarkedSecret, context: Context): Promise<void> {
  const { target, secretName } = marked;
  await oneAtATime(placeOf(forgejo, target, secretName), async () => takeBackMarked(forgejo, marked, context));
}

async function takeBackMarked(forgejo: Forgejo, marked: MarkedSecret, context: Context): Promise<void> {
  const { target, secretName, owner, isVariable } = marked;
  try {
    await forgejo.targetId(target);
    const found = await forgejo.variable(target, markerName(secretName));
    const seen = found === undefined ? undefined : parseMarker(found);
    if (
      isVariable !== true &&
      found === undefined &&
      (await forgejo.secretNames(target))?.includes(secretName) === true
    ) {
      context.warn(
        `${target} has a secret ${secretName} but no marker that shows who manages it, so it stays. It may be left from an interrupted run: delete it in Forgejo if it is not needed.`,
      );
    }
    if (found === undefined || seen === undefined) return;
    if (ownerOfLabel(seen.label) !== owner || seen.target !== target) return;
    // The same Forgejo, under the address that the settings have now.
    if ((seen.url ?? forgejo.url) !== forgejo.url) return;
    if (await leaveToSuccessor(forgejo, marked, found, context)) return;
    const what = isVariable === true ? `variable ${markerName(secretName)}` : `secret ${secretName}`;
    context.info(`deleting the ${what} of ${target}, which this stack no longer declares`);
    if (isVariable === true) {
      await forgejo.deleteVariable(target, markerName(secretName));
      return;
    }
    await remove(forgejo, target, secretName, { label: seen.label, target, url: forgejo.url });
  } catch (error) {
    // A target that was deleted or replaced holds nothing of ours.
    if (!isDrift(error)) throw error;
  }
}

/** The current name of the target with that id; `undefined` if it cannot be found, which causes a warning. */
async function whereItIs(
  forgejo: Forgejo,
  { secretName, marker, targetId }: PlacedSecret,
  context: Context,
): Promise<string | undefined> {
  const { target } = marker;
  try {
    if ((await forgejo.targetId(target)) === targetId) return target;
    context.warn(
      `${target} is a different repository from the one that had the secret ${secretName} (id ${targetId}), and stays unchanged. If the other one still exists, it keeps the secret.`,
    );
  } catch (error) {
    if (error instanceof TargetMoved && error.newName !== undefined) {
      if ((await idOrNone(forgejo, error.newName)) === targetId) return error.newName;
    }
    if (!isDrift(error)) throw error;
    context.warn(`the secret ${secretName} was deleted with its repository, or is still there: ${messageOf(error)}`);
  }
  return undefined;
}

async function idOrNone(forgejo: Forgejo, target: string): Promise<number | undefined> {
  try {
    return await forgejo.targetId(target);
  } catch (error) {
    if (isDrift(error)) return undefined;
    throw error;
  }
}
