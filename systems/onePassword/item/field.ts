import { ZotAuthError } from "../../../core/errors.ts";
import type { Field, Item, ItemContents } from "./item.ts";
import { slashHint } from "./place.ts";
import type { Place } from "./place.ts";

/** Field types that accept any text. 1Password validates or computes the others. */
const WRITABLE = ["CONCEALED", "STRING"];

/** The entries with that name or id. Case matters only if several names differ in nothing else, as in 1Password's own references. */
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
 * The field of a reference; `undefined` if it does not exist.
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
      `The 1Password item of ${place.reference} has ${found.length} fields named "${place.field}". Name the section (op://vault/item/section/field) or use the field's id: ${found.map((field) => `${field.id}${field.section === "" ? "" : ` in section ${sectionName(item, field.section)}`}`).join(", ")}.`,
    );
  }
  const file = matching(item.files.filter(inSection), place.field, ({ id, name }) => [id, name]).length > 0;
  if (found[0]?.type === "FILE" || (found.length === 0 && file)) {
    throw new ZotAuthError(
      "ONEPASSWORD_FIELD_IS_FILE",
      `${place.reference} is a file in 1Password, not a field. Store the secret in a field of type "password", and reference that field.`,
    );
  }
  return found[0];
}

/**
 * The id of the section that a reference names; `undefined` if it names none.
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
        `The section "${section}" does not exist in the 1Password item of ${reference} (sections: ${known || "none"}). Create it in 1Password, or correct the reference.${slashHint(section)}`,
      )
    : new ZotAuthError(
        "ONEPASSWORD_SECTION_AMBIGUOUS",
        `The 1Password item of ${reference} has ${found.length} sections named "${section}". Use the section's id instead: ${found.map(({ id }) => id).join(", ")}.`,
      );
}

/**
 * Where 1Password's apps and `op` keep a field that is added outside of a titled section. It has no title, so that no reference names it, and
 * 1Password's providers show what is in it. They do not show a field that is in no section at all.
 */
const UNTITLED = "add more";

export interface NewFieldSection {
  readonly id: string;
  /** Whether the item has it already. */
  readonly exists: boolean;
}

/**
 * The section in which a new field is created: the one that the reference names, or else the one without a title.
 *
 * @throws ZotAuthError as {@link sectionOf}
 */
export function sectionForNewField(item: ItemContents, place: Place): NewFieldSection {
  const named = sectionOf(item, place);
  if (named !== undefined) return { id: named, exists: true };
  return { id: UNTITLED, exists: item.sections.some(({ id }) => id === UNTITLED) };
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
    `The field "${place.field}" does not exist or is empty in the 1Password item of ${place.reference} (fields: ${known.join(", ") || "none"}). Set the field, or correct the reference.`,
  );
}

/**
 * The field that a write would change; `undefined` if it would create one.
 *
 * @throws ZotAuthError `ONEPASSWORD_FIELD_TYPE` for a type that cannot hold a secret, and as {@link findField}
 */
export function writableField(item: ItemContents, place: Place): Field | undefined {
  const field = findField(item, place);
  if (field === undefined || WRITABLE.includes(field.type)) return field;
  throw new ZotAuthError(
    "ONEPASSWORD_FIELD_TYPE",
    `The field of ${place.reference} has the type ${field.type}, which cannot hold a secret. Use a field of type "password", or a name that does not exist in the item.`,
  );
}

/**
 * @throws ZotAuthError `ONEPASSWORD_ITEM_ARCHIVED`
 */
export function assertActive(item: Item, place: Place): void {
  if (item.state === "") return;
  throw archived(place, item.state === "DELETED" ? "deleted" : "archived");
}

/** An item that exists only in the archive or the trash. */
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
