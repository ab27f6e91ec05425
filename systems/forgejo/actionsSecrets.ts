import { ZotAuthError, messageOf } from "../../core/errors.ts";
import { UNREACHED } from "../../core/gone.ts";
import { markerName } from "./target.ts";
import { changingText, isMarker, markerText, ownerOfLabel, parseMarker } from "./secretMarker.ts";
import type { SecretMarker, SeenMarker } from "./secretMarker.ts";
import type { Forgejo } from "./client.ts";
import { TargetMoved } from "./errors.ts";
import { oneAtATime } from "../../core/queue.ts";
import type { Secret } from "../../core/secrets/secret.ts";
import type { Context } from "../../provider/resource.ts";

/** What all Actions secrets of this program have in common: a name, the variable beside it, and a target whose id is known. */
export interface PlacedSecret {
  readonly secretName: string;
  readonly marker: SecretMarker;
  /** The repository's, organisation's or user's numeric id: the name can be reused. */
  readonly targetId: number;
}

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

/** Errors for an unusable or replaced target: a refresh reports them as drift and does not fail. */
const DRIFT: readonly string[] = [
  "FORGEJO_REPOSITORY_MOVED",
  "FORGEJO_REPOSITORY_UNKNOWN",
  "FORGEJO_REPOSITORY_ARCHIVED",
  "FORGEJO_ACTIONS_DISABLED",
];

/**
 * The id of a target to which the secret is about to be written.
 *
 * @param before the previous id, and what the last refresh found and a preview has shown
 * @throws ZotAuthError `FORGEJO_REPOSITORY_REPLACED` if the id has changed and no refresh has reported it
 */
export async function targetIdFor(
  forgejo: Forgejo,
  target: string,
  context: Context,
  before?: { readonly forgejoUrl: string; readonly targetId: number; readonly drift: string },
): Promise<number> {
  const id = await forgejo.usableTargetId(target);
  // At another address there may be another Forgejo, with ids of its own.
  if (before === undefined || before.targetId === id || before.forgejoUrl !== forgejo.url) return id;
  if (before.drift === "") {
    throw new ZotAuthError(
      "FORGEJO_REPOSITORY_REPLACED",
      `${target} is a different repository (id ${id}) from the one that had the secret (id ${before.targetId}), so nothing was written. If it should get the secret, run \`pulumi refresh\` and then \`pulumi up\`; otherwise correct the name in the settings (forgejo.repositories, or repositories of an account).`,
    );
  }
  context.warn(
    `${target} is a different repository (id ${id}) from the one that had the secret (id ${before.targetId}). It gets the secret now; the other one keeps what it has.`,
  );
  return id;
}

/**
 * Writes secret and marker. An interruption between any two requests leaves a marker that no state expects: a refresh reports it, and
 * writing again repairs it.
 */
export async function writeSecret(
  forgejo: Forgejo,
  secretName: string,
  marker: SecretMarker,
  value: Secret,
  context: Context,
): Promise<void> {
  const { target } = marker;
  const variable = markerName(secretName);
  await oneAtATime(placeOf(forgejo, target, secretName), async () => {
    const seen = await markerBeside(forgejo, target, secretName);
    if (seen !== undefined && ownerOfLabel(seen.label) !== ownerOfLabel(marker.label)) {
      context.warn(
        `the secret ${secretName} of ${target} belonged to ${seen.label}, and now belongs to ${marker.label}`,
      );
    }
    await forgejo.putVariable(target, variable, changingText(marker));
    await forgejo.putSecret(target, secretName, value);
    await forgejo.putVariable(target, variable, markerText(marker));
  });
}

/** Two accounts may have a secret of one name one after the other: what one writes, the other must not delete after it has looked whose it is. */
function placeOf({ url }: Forgejo, target: string, secretName: string): string {
  return `${url} ${target} ${secretName}`;
}

/**
 * The marker beside a secret; `undefined` if there is none.
 *
 * @param need what the variable is needed for, and how to do without it
 * @throws ZotAuthError `FORGEJO_VARIABLE_TAKEN`
 */
export async function markerBeside(
  forgejo: Forgejo,
  target: string,
  secretName: string,
  need: Readonly<{ what: string; instead: string }> = {
    what: `for the secret ${secretName}`,
    instead: "choose another name for the secret",
  },
): Promise<SeenMarker | undefined> {
  const variable = markerName(secretName);
  const found = await forgejo.variable(target, variable);
  const seen = found === undefined ? undefined : parseMarker(found);
  if (found === undefined || seen !== undefined) return seen;
  throw new ZotAuthError(
    "FORGEJO_VARIABLE_TAKEN",
    `${target} has a variable ${variable} that this program did not create but needs ${need.what}. Rename or delete that variable, or ${need.instead}.`,
  );
}

/** The drift that a refresh finds, in one sentence; empty if there is none. */
export async function driftOf(forgejo: Forgejo, { secretName, marker, targetId }: PlacedSecret): Promise<string> {
  const { target } = marker;
  const drift = await targetDrift(forgejo, target, targetId);
  if (drift !== "") return drift;
  const [names, found] = await Promise.all([
    forgejo.secretNames(target),
    forgejo.variable(target, markerName(secretName)),
  ]);
  if (names?.includes(secretName) === false) return `${target} has no secret ${secretName}`;
  const variable = `the variable ${markerName(secretName)} of ${target}`;
  if (found === undefined) return `${variable} is missing, so it is unknown which secret ${secretName} is`;
  if (isMarker(found, marker)) return "";
  return found === changingText(marker)
    ? `a change of the secret ${secretName} of ${target} was interrupted`
    : `${variable} names another secret`;
}

/** Why a target is no longer the one that was written to; empty if it is. */
export async function targetDrift(forgejo: Forgejo, target: string, targetId: number): Promise<string> {
  try {
    const id = await forgejo.usableTargetId(target);
    return id === targetId
      ? ""
      : `${target} is a different repository (id ${id}) from the one that has the secret (id ${targetId})`;
  } catch (error) {
    if (isDrift(error)) return error.message;
    throw error;
  }
}

/**
 * Deletes secret and marker, even if the target was renamed. Keeps what has another owner by now. SecretCleanup, which is deleted later, and FormerSecrets,
 * which comes earlier, insist on it: so a Forgejo that is gone, or that the token is no longer for, must not stop this.
 */
export async function takeBack(forgejo: Forgejo, placed: PlacedSecret, context: Context): Promise<void> {
  try {
    await takeBackPlaced(forgejo, placed, context);
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

async function takeBackMarked(
  forgejo: Forgejo,
  { target, secretName, owner, isVariable }: MarkedSecret,
  context: Context,
): Promise<void> {
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
    if (seen === undefined || ownerOfLabel(seen.label) !== owner || seen.target !== target) return;
    // The same Forgejo, under the address that the settings have now.
    if ((seen.url ?? forgejo.url) !== forgejo.url) return;
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

function isDrift(error: unknown): error is ZotAuthError {
  return error instanceof ZotAuthError && DRIFT.includes(error.code);
}
