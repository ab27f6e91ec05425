import { ZotAuthError } from "../../../core/errors.ts";
import { markerName } from "../target.ts";
import { changingText, isMarker, markerText, ownerOfLabel, parseMarker } from "./secretMarker.ts";
import type { SecretMarker, SeenMarker } from "./secretMarker.ts";
import type { Forgejo } from "../client.ts";
import { oneAtATime } from "../../../core/concurrency/queue.ts";
import type { Secret } from "../../../core/secrets/secret.ts";
import type { Context } from "../../../provider/resource.ts";

/** What all Actions secrets of this program have in common: a name, the variable beside it, and a target whose id is known. */
export interface PlacedSecret {
  readonly secretName: string;
  readonly marker: SecretMarker;
  /** The repository's, organisation's or user's numeric id: the name can be reused. */
  readonly targetId: number;
}

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
export function placeOf({ url }: Forgejo, target: string, secretName: string): string {
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

/** Whether the target is unusable or was replaced. */
export function isDrift(error: unknown): error is ZotAuthError {
  return error instanceof ZotAuthError && DRIFT.includes(error.code);
}
