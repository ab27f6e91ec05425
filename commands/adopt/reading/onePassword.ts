import type { SecretReference } from "../../../core/secrets/reference.ts";
import { findSecret, vault } from "../../../systems/onePassword/resolver.ts";

/**
 * What is said of a field of 1Password. Its value is looked at for whether there is one, and for nothing else.
 *
 * @param otherwise what an empty or missing field means
 * @throws ZotAuthError if the item cannot be read
 */
export async function fieldNote(reference: SecretReference, otherwise: string, signal: AbortSignal): Promise<string> {
  await vault().assertItem(reference, signal);
  const value = await findSecret(reference, signal);
  return value === undefined ? `${reference} is empty or does not exist: ${otherwise}.` : `${reference} has a value.`;
}
