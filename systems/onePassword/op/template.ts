import { ZotAuthError } from "../../../core/errors.ts";
import { at, list } from "../../../core/json.ts";
import type { Change } from "../backend.ts";
import type { Field, Item } from "../item/item.ts";
import type { Place } from "../item/place.ts";

/** The types of fields that 1Password documents for item templates; `MENU` is in its own template of API credentials. */
const TEMPLATE_TYPES = ["STRING", "CONCEALED", "EMAIL", "URL", "DATE", "MONTH_YEAR", "PHONE", "OTP", "MENU"];

/**
 * Throws if `op item edit` with a template could lose a part of the item:
 *
 * - logins: they may hold a passkey, which `op` does not show and a template overwrites
 * - documents and items with files: a template has no files
 * - fields in a section that the item does not list: `op` drops them
 * - SSH keys and fields of undocumented types: 1Password does not promise to keep them
 *
 * @throws ZotAuthError `ONEPASSWORD_OP_WOULD_LOSE`
 */
export function assertFitsTemplate(item: Item, { reference }: Place): void {
  const why = unfit(item);
  if (why === undefined) return;
  throw new ZotAuthError(
    "ONEPASSWORD_OP_WOULD_LOSE",
    `op could lose a part of the item when writing ${reference}: ${why}. Nothing was written. Use an item of another category, such as an API credential or a secure note without files, or use 1Password Connect (onePassword.connectUrl), which changes single fields.`,
  );
}

function unfit({ category, files, fields, sections, json }: Item): string | undefined {
  if (category === "LOGIN" || JSON.stringify(Object.keys(json)).toLowerCase().includes("passkey")) {
    return "a login may hold a passkey, which op does not show and its templates overwrite";
  }
  if (category === "DOCUMENT" || files.length > 0) return "it holds files, which op's templates cannot hold";
  if (category === "SSH_KEY") return "op's templates cannot hold an SSH key";
  const lost = fields.find(({ section }) => section !== "" && !sections.some(({ id }) => id === section));
  if (lost !== undefined) {
    return `its field "${nameOf(lost)}" is in a section that the item does not list, and op drops such a field`;
  }
  const odd = fields.find(({ type }) => !TEMPLATE_TYPES.includes(type));
  return odd === undefined
    ? undefined
    : `its field "${nameOf(odd)}" has the type ${odd.type}, which op's templates do not support`;
}

function nameOf({ id, label }: Field): string {
  return label === "" ? id : label;
}

/** The item as received, with the one value changed or the one field added. It holds the secrets of all fields. */
export function withField(item: Item, { field, label, section, value }: Change): object {
  const fields = list(at(item.json, "fields"));
  const sections = list(at(item.json, "sections"));
  if (field !== undefined) {
    const changed = fields.map((one) =>
      at(one, "id") === field.id ? { ...(one as object), value: value.reveal() } : one,
    );
    return { ...item.json, fields: changed };
  }
  // op drops a field whose section the template does not list, without a word.
  const heading = sections.find((one) => at(one, "id") === section.id) ?? { id: section.id };
  return {
    ...item.json,
    ...(section.exists ? {} : { sections: [...sections, heading] }),
    fields: [...fields, { type: "CONCEALED", label, value: value.reveal(), section: heading }],
  };
}
