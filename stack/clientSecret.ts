import { RunError, log, output, runtime, secret } from "@pulumi/pulumi";
import type { Output, ProviderResource } from "@pulumi/pulumi";
import { getItem } from "@1password/pulumi-onepassword/getItem.js";
import type { GetItemResult } from "@1password/pulumi-onepassword/getItem.js";
import { messageOf } from "../core/errors.ts";
import { parseReference } from "../core/secretReference.ts";
import type { SecretReference } from "../core/secretReference.ts";

/** 1Password's ids: 26 characters of base 32. */
const ID = /^[a-z2-7]{26}$/;

/**
 * The OAuth2 client secret, by 1Password's Pulumi provider. A preview does not wait for it, goes on when it cannot be read, and says so. An update
 * has it first: where it cannot be read, nothing is changed.
 *
 * @param reference the setting authentik.clientSecret
 * @throws RunError that names the setting
 */
export async function readClientSecret(
  reference: SecretReference,
  provider: ProviderResource,
): Promise<{ readonly clientSecret: Output<string> }> {
  const reading = read(reference, provider);
  if (!runtime.isDryRun()) await reading;
  return { clientSecret: secret(output(reading)) };
}

async function read(reference: SecretReference, provider: ProviderResource): Promise<string> {
  const parsed = parseReference(reference);
  if (parsed?.kind !== "op")
    throw new RunError(`authentik.clientSecret: ${reference} is no 1Password reference op://vault/item/field.`);
  try {
    const { vault, item, section, field } = parsed;
    const found = await getItem({ vault, ...(ID.test(item) ? { uuid: item } : { title: item }) }, { provider });
    const value = valueOf(found, field, section);
    if (value !== undefined && value !== "") return value;
    throw new Error(
      `the item has no field "${field}" with a value in ${section === undefined ? "any of its sections" : `a section "${section}"`} (1Password's provider shows no field outside of one)`,
    );
  } catch (error) {
    const message = `authentik.clientSecret: ${reference} cannot be read: ${messageOf(error)}. Correct the reference, or see onePassword.* for the way into 1Password.`;
    if (!runtime.isDryRun()) throw new RunError(message);
    void log.warn(`${message} The preview shows what depends on it as if it changed.`);
    return runtime.unknownValue;
  }
}

/** A field by its label or id: in the section that the reference names, else in any or among the item's own. */
function valueOf(item: GetItemResult, label: string, section: string | undefined): string | undefined {
  const custom = (item.sections ?? [])
    .filter((candidate) => section === undefined || candidate.label === section || candidate.id === section)
    .flatMap((candidate) => candidate.fields ?? [])
    .find((field) => field.label === label || field.id === label);
  if (custom !== undefined || section !== undefined) return custom?.value;
  const own: Readonly<Record<string, string | undefined>> = {
    password: item.password,
    credential: item.credential,
    username: item.username,
    notesPlain: item.noteValue,
  };
  return own[label];
}
