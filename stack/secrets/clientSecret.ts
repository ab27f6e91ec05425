import { RunError, log, output, runtime, secret } from "@pulumi/pulumi";
import type { Output, ProviderResource } from "@pulumi/pulumi";
import { getItem } from "@1password/pulumi-onepassword/getItem.js";
import type { GetItemResult } from "@1password/pulumi-onepassword/getItem.js";
import { ZotAuthError, messageOf } from "../../core/errors.ts";
import { parseReference } from "../../core/secrets/reference.ts";
import type { SecretReference } from "../../core/secrets/reference.ts";
import { findField, valueOf } from "../../systems/onePassword/item/field.ts";
import { isId, placeOf, slashHint } from "../../systems/onePassword/item/place.ts";
import type { Place } from "../../systems/onePassword/item/place.ts";
import { resolveSecret } from "../../systems/onePassword/resolver.ts";
import { onePassword } from "../../systems/onePassword/vault.ts";
import type { OnePasswordConnection } from "../../systems/onePassword/vault.ts";

/**
 * Reads the OAuth2 client secret with 1Password's Pulumi provider, and a field that the provider cannot show, which is one outside of sections, with our
 * own client. A preview does not wait for it, and warns when it cannot be read. An update reads
 * it first and fails when it cannot: nothing has changed by then.
 *
 * @param reference the setting `authentik.clientSecret`
 * @param provider 1Password's Pulumi provider
 * @param connection how our own client reaches 1Password
 * @throws RunError that names the setting
 */
export async function readClientSecret(
  reference: SecretReference,
  provider: ProviderResource,
  connection: OnePasswordConnection,
): Promise<{ readonly clientSecret: Output<string> }> {
  const reading = read(reference, provider, connection);
  if (!runtime.isDryRun()) await reading;
  return { clientSecret: secret(output(reading)) };
}

async function read(
  reference: SecretReference,
  provider: ProviderResource,
  connection: OnePasswordConnection,
): Promise<string> {
  const parsed = parseReference(reference);
  if (parsed?.kind !== "op") {
    throw new RunError(
      `authentik.clientSecret: ${reference} must be a 1Password reference. Use op://vault/item/field, since 1Password's Pulumi provider reads it.`,
    );
  }
  try {
    const place = placeOf(reference);
    const { vault, item } = place;
    const found = await getItem({ vault, ...(isId(item) ? { uuid: item } : { title: item }) }, { provider });
    return shownField(found, place) ?? (await onePassword(connection, resolveSecret).read(reference)).reveal();
  } catch (error) {
    // Our own errors name the reference and what to do; the provider's do not.
    const message =
      error instanceof ZotAuthError
        ? `authentik.clientSecret: ${error.message}`
        : `authentik.clientSecret: ${reference} cannot be read: ${messageOf(error).replace(/\.$/, "")}. Correct the reference, or check the onePassword.* settings.${slashHint(parsed.section)}`;
    if (!runtime.isDryRun()) throw new RunError(message);
    void log.warn(`${message} The preview shows everything that depends on it as changed.`);
    return runtime.unknownValue;
  }
}

/** The value of the field that our own client would choose; `undefined` if 1Password's provider does not show it. */
function shownField(item: GetItemResult, place: Place): string | undefined {
  const sections = item.sections ?? [];
  const inSections = sections.flatMap(({ id: section, fields = [] }) =>
    fields.map(({ id, label, type, purpose, value }) => ({ id, label, type, purpose, value, section })),
  );
  const contents = { sections, fields: inSections, files: [] };
  // Of a field in a section whose purpose it knows, the provider gives the value twice.
  if (findField(contents, place) !== undefined) return valueOf(contents, place);
  const { password, credential, username, noteValue: notesPlain } = item;
  const own = Object.entries({ password, credential, username, notesPlain }).flatMap(
    ([id, value]: [string, string | undefined]) =>
      value === undefined || value === "" ? [] : [{ id, label: id, type: "", purpose: "", value, section: "" }],
  );
  const all = { ...contents, fields: [...own, ...inSections] };
  return findField(all, place) === undefined ? undefined : valueOf(all, place);
}
