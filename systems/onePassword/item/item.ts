import { at, list, string } from "../../../core/json.ts";

export interface Section {
  readonly id: string;
  readonly label: string;
}

export interface Field {
  readonly id: string;
  readonly label: string;
  /** `CONCEALED`, `STRING`, `OTP`, … */
  readonly type: string;
  /** `USERNAME`, `PASSWORD`, `NOTES` or empty. */
  readonly purpose: string;
  /** Empty when there is none. */
  readonly value: string;
  /** Empty outside of sections. */
  readonly section: string;
}

export interface File {
  readonly id: string;
  readonly name: string;
  readonly section: string;
  readonly size: number;
}

/** An item, as far as Connect and `op` show it alike. */
export interface Item {
  readonly id: string;
  readonly vaultId: string;
  readonly title: string;
  readonly category: string;
  /** Each change increments it, whoever makes it. */
  readonly version: number;
  /** `ARCHIVED`, `DELETED`, or empty. */
  readonly state: string;
  readonly fields: readonly Field[];
  readonly sections: readonly Section[];
  readonly files: readonly File[];
  /** The JSON as received. It holds the secrets of all fields: never print it. */
  readonly json: object;
}

/** What a reference chooses from. */
export type ItemContents = Pick<Item, "fields" | "sections" | "files">;

/** Reads an item from JSON; `undefined` if it is not an item. */
export function readItem(json: unknown): Item | undefined {
  const version = at(json, "version");
  const id = string(at(json, "id"));
  if (typeof json !== "object" || json === null || typeof version !== "number" || id === "") return undefined;
  return {
    id,
    vaultId: string(at(json, "vault", "id")),
    title: string(at(json, "title")),
    category: string(at(json, "category")),
    version,
    state: string(at(json, "state")),
    fields: list(at(json, "fields")).map(readField),
    sections: list(at(json, "sections")).map((section) => ({
      id: string(at(section, "id")),
      label: string(at(section, "label")),
    })),
    files: list(at(json, "files")).map(readFile),
    json,
  };
}

function readField(field: unknown): Field {
  return {
    id: string(at(field, "id")),
    label: string(at(field, "label")),
    type: string(at(field, "type")),
    purpose: string(at(field, "purpose")),
    value: string(at(field, "value")),
    section: string(at(field, "section", "id")),
  };
}

function readFile(file: unknown): File {
  const size = at(file, "size");
  return {
    id: string(at(file, "id")),
    name: string(at(file, "name")),
    section: string(at(file, "section", "id")),
    size: typeof size === "number" ? size : 0,
  };
}

/**
 * Describes what changed in the item, except for the version, dates, what a server computes (the current code of a one-time password, a
 * password's strength), the value of our own field, and the section that 1Password creates for a new field.
 *
 * @param ourId the field that was written
 */
export function differences(before: Item, after: Item, ourId: string | undefined): readonly string[] {
  const earlier = before.fields.find(({ id }) => id === ourId);
  const later = after.fields.find(({ id }) => id === ourId);
  const isNew = (section: Section): boolean => earlier === undefined && section.id === later?.section;
  const known = new Set(before.sections.map(({ id }) => id));
  const kept = (fields: readonly Field[]): readonly Field[] =>
    fields
      .filter(({ id }) => id !== ourId || (earlier !== undefined && later !== undefined))
      .map((field) => (field.id === ourId ? { ...field, value: "" } : field));
  return [
    ...(before.title === after.title ? [] : ["the title"]),
    ...(before.category === after.category ? [] : ["the category"]),
    ...(attribute(before, "tags") === attribute(after, "tags") ? [] : ["the tags"]),
    ...(attribute(before, "urls") === attribute(after, "urls") ? [] : ["the URLs"]),
    ...(favorite(before) === favorite(after) ? [] : ["the favourite mark"]),
    ...changed(
      "section",
      before.sections,
      after.sections.filter((section) => known.has(section.id) || !isNew(section)),
      ({ id, label }) => [id, label],
    ),
    ...changed("file", before.files, after.files, ({ id, name }) => [id, name]),
    ...changed("field", kept(before.fields), kept(after.fields), ({ id, label }) => [id, label]),
  ];
}

function changed<T extends object>(
  what: string,
  before: readonly T[],
  after: readonly T[],
  named: (one: T) => readonly [id: string, name: string],
): readonly string[] {
  const earlier = new Map(before.map((one) => [named(one)[0], one]));
  const later = new Map(after.map((one) => [named(one)[0], one]));
  return [...new Set([...earlier.keys(), ...later.keys()])]
    .filter((id) => JSON.stringify(earlier.get(id)) !== JSON.stringify(later.get(id)))
    .map((id) => {
      const one = earlier.get(id) ?? later.get(id);
      const name = one === undefined ? "" : named(one)[1];
      return `the ${what} "${name === "" ? id : name}"`;
    });
}

/** A list as text. An empty list equals a missing one: `op` and Connect omit empty lists. */
function attribute({ json }: Item, name: "tags" | "urls"): string {
  return JSON.stringify(list(at(json, name)));
}

function favorite({ json }: Item): boolean {
  return at(json, "favorite") === true;
}
