import { ZotAuthError } from "../../../core/errors.ts";
import type { Field, Item, ItemContents } from "./item.ts";
import type { Place } from "./place.ts";

/** Types of fields that take any text. In the others 1Password checks or computes something. */
const WRITABLE = ["CONCEALED", "STRING"];

/** The entries of that name or id. Upper and lower case count only where they decide, as in 1Password's own references. */
export function matching<T>(
  entries: readonly T[],
  wanted: string,
  names: (entry: T) => readonly string[],
): readonly T[] {
  const exact = entries.filter((entry) => names(entry).includes(wanted));
  if (exact.length > 0) return exact;
  return entries.filter((entry) => names(entry).some((name) => name.toLowerCase() === wanted.toLowerCase()));
}

/**
 * The field of a reference, `undefined` when the item has none of that name.
 *
 * @throws ZotAuthError `ONEPASSWORD_SECTION_MISSING`, `ONEPASSWORD_SECTION_AMBIGUOUS`, `ONEPASSWORD_FIELD_AMBIGUOUS`, `ONEPASSWORD_FIELD_IS_FILE`
 */
export function findField(item: ItemContents, place: Place): Field | undefined {
  const section = sectionOf(item, place);
  const inSection = (entry: { readonly section: string }): boolean =>
    section === undefined || entry.section === section;
  const found = matching(item.fields.filter(inSection), place.field, ({ id, label }) => [id, label]);
  if (found.length > 1) {
    throw new ZotAuthError(
      "ONEPASSWORD_FIELD_AMBIGUOUS",
      `The 1Password item of ${place.reference} has ${found.length} fields "${place.field}". Name the section (op://vault/item/section/field) or the field's id: ${found.map((field) => `${field.id}${field.section === "" ? "" : ` in section ${sectionName(item, field.section)}`}`).join(", ")}.`,
    );
  }
  const file = matching(item.files.filter(inSection), place.field, ({ id, name }) => [id, name]).length > 0;
  if (found[0]?.type === "FILE" || (found.length === 0 && file)) {
    throw new ZotAuthError(
      "ONEPASSWORD_FIELD_IS_FILE",
      `${place.reference} is a file in 1Password, not a field. Put the secret into a field of type "password", and name that one.`,
    );
  }
  return found[0];
}

/**
 * The id of the section that a reference names, `undefined` when it names none.
 *
 * @throws ZotAuthError `ONEPASSWORD_SECTION_MISSING`, `ONEPASSWORD_SECTION_AMBIGUOUS`
 */
export function sectionOf(item: ItemContents, { section, reference }: Place): string | undefined {
  if (section === undefined) return undefined;
  const found = matching(item.sections, section, ({ id, label }) => [id, label]);
  if (found[0] !== undefined && found.length === 1) return found[0].id;
  const known = item.sections.map(({ id, label }) => (label === "" ? id : label)).join(", ");
  throw found.length === 0
    ? new ZotAuthError(
        "ONEPASSWORD_SECTION_MISSING",
        `The 1Password item of ${reference} has no section "${section}" (it has: ${known || "none"}). Make the section in 1Password, or correct the reference.`,
      )
    : new ZotAuthError(
        "ONEPASSWORD_SECTION_AMBIGUOUS",
        `The 1Password item of ${reference} has ${found.length} sections "${section}". Use the section's id in the reference: ${found.map(({ id }) => id).join(", ")}.`,
      );
}

/**
 * The field's value.
 *
 * @throws ZotAuthError `ONEPASSWORD_FIELD_MISSING` for a field that is missing or empty, and as {@link findField}
 */
export function valueOf(item: ItemContents, place: Place): string {
  const field = findField(item, place);
  if (field !== undefined && field.value !== "") return field.value;
  const known = item.fields.map(({ id, label }) => (label === "" ? id : label));
  throw new ZotAuthError(
    "ONEPASSWORD_FIELD_MISSING",
    `The 1Password item of ${place.reference} has no field "${place.field}" with a value (it has: ${known.join(", ") || "none"}). Add the field, or correct the reference.`,
  );
}

/**
 * The field that a write would change, `undefined` when it would make one.
 *
 * @throws ZotAuthError `ONEPASSWORD_FIELD_TYPE` for a type that takes no secret, and as {@link findField}
 */
export function writableField(item: ItemContents, place: Place): Field | undefined {
  const field = findField(item, place);
  if (field === undefined || WRITABLE.includes(field.type)) return field;
  throw new ZotAuthError(
    "ONEPASSWORD_FIELD_TYPE",
    `The field of ${place.reference} has the type ${field.type}, which is kept and takes no secret of ours. Use a field of type "password", or a name that the item does not have yet.`,
  );
}

/**
 * @throws ZotAuthError `ONEPASSWORD_ITEM_ARCHIVED`
 */
export function assertActive(item: Item, place: Place): void {
  if (item.state === "") return;
  throw archived(place, item.state === "DELETED" ? "deleted" : "archived");
}

/** An item that is there, but only in the archive or the trash. */
export function archived({ reference }: Place, how: "archived" | "deleted"): ZotAuthError {
  return new ZotAuthError(
    "ONEPASSWORD_ITEM_ARCHIVED",
    `The 1Password item of ${reference} is ${how}. Restore it in 1Password, or name another item in the reference.`,
  );
}

function sectionName(item: ItemContents, id: string): string {
  const label = item.sections.find((section) => section.id === id)?.label ?? "";
  return label === "" ? id : `"${label}"`;
}
