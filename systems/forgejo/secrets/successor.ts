import { at, list, string } from "../../../core/json.ts";
import type { Context } from "../../../provider/resource.ts";
import type { Forgejo } from "../client.ts";
import { markerName } from "../target.ts";

/** A secret, or a variable, that an account is about to lose. */
interface Lost {
  readonly target: string;
  readonly secretName: string;
  /** Its owner in the marker, without a generation. */
  readonly owner: string;
  readonly isVariable?: true;
}

/**
 * Leaves a secret to another account that has it in this run's settings, which may have written it by now or not: CI is not without one in between, nor if that account's
 * key cannot be made. Its marker names the other account, which deletes it if it never gets to write it.
 *
 * @param found its marker
 * @returns whether there is such an account
 */
export async function leaveToSuccessor(
  forgejo: Forgejo,
  lost: Lost,
  found: string,
  { declared, info }: Pick<Context, "declared" | "info">,
): Promise<boolean> {
  const owner = successorOf(forgejo, lost, declared("zot-auth:forgejo:SecretCleanup"));
  if (owner === undefined) return false;
  const { target, secretName, isVariable } = lost;
  const what = isVariable === true ? `variable ${markerName(secretName)}` : `secret ${secretName}`;
  info(`the ${what} of ${target} stays for ${owner}, which writes its own`);
  await forgejo.putVariable(target, markerName(secretName), found.replace(/^\s*label=\S+/, `label=${owner}/0`));
  return true;
}

function successorOf(
  { url }: Forgejo,
  { target, secretName, owner, isVariable }: Lost,
  cleanups: readonly unknown[],
): string | undefined {
  const declared = cleanups
    .filter((cleanup) => at(cleanup, "forgejoUrl") === url)
    .flatMap((cleanup) => list(at(cleanup, "secrets")));
  const successor = declared.find(
    (secret) =>
      at(secret, "secretName") === secretName &&
      (at(secret, "target") === target || list(at(secret, "targets")).includes(target)) &&
      (at(secret, "isVariable") === true) === (isVariable === true) &&
      at(secret, "owner") !== owner,
  );
  return successor === undefined ? undefined : string(at(successor, "owner"));
}
