// Stands in for 1Password Connect: parses items that clients send.
import { isObject } from "../shared/json.ts";
import { CATEGORIES, newId, now } from "./items.ts";
import type { Field, Item, Section } from "./items.ts";
import { Refusal } from "./refusal.ts";

type Mapping = Readonly<Record<string, unknown>>;

/** Parses a request body into an item, which replaces `previous`. Creates missing ids. Does not keep fields of `previous`. */
export function readItem(body: unknown, vault: Item["vault"], previous?: Item): Item {
  const given = mapping(body, "Invalid item");
  const inVault = given["vault"] === undefined ? undefined : mapping(given["vault"], "Invalid vault")["id"];
  if (inVault !== vault.id) throw new Refusal(400, "The item's vault does not match the vault of the path");
  const category = given["category"];
  if (typeof category !== "string" || !CATEGORIES.includes(category)) throw new Refusal(400, "Invalid item category");
  const sections = list(given["sections"], "sections").map((one) => section(mapping(one, "Invalid section")));
  const time = now();
  return {
    id: previous?.id ?? newId(),
    title: text(given["title"], "title") ?? "",
    vault,
    category,
    version: (previous?.version ?? 0) + 1,
    createdAt: previous?.createdAt ?? time,
    updatedAt: time,
    lastEditedBy: previous?.lastEditedBy ?? newId().toUpperCase(),
    favorite: given["favorite"] === true,
    tags: list(given["tags"], "tags").map((tag) => text(tag, "tags") ?? ""),
    urls: list(given["urls"], "urls"),
    sections,
    fields: list(given["fields"], "fields").map((one) => readField(one, sections)),
    // Clients cannot change these.
    ...(previous?.files === undefined ? {} : { files: previous.files }),
    ...(previous?.state === undefined ? {} : { state: previous.state }),
  };
}

/** Parses a field of a request body. `generate` creates a missing value. */
export function readField(body: unknown, sections: readonly Section[]): Field {
  const given = mapping(body, "Invalid field");
  const { generate, section: inSection, ...rest } = given;
  const value = text(given["value"], "value");
  const sectionId =
    inSection === undefined || inSection === null ? undefined : mapping(inSection, "Invalid section")["id"];
  const known = sections.find((candidate) => candidate.id === sectionId);
  if (sectionId !== undefined && known === undefined) {
    throw new Refusal(400, "A field names a section that the item does not have");
  }
  return {
    ...rest,
    id: text(given["id"], "id") || newId(),
    type: (text(given["type"], "type") || "STRING").toUpperCase(),
    ...(generate === true && (value === undefined || value === "") ? { value: newId() } : {}),
    ...(known === undefined ? {} : { section: known }),
  };
}

function section(given: Mapping): Section {
  const label = text(given["label"], "label");
  return { id: text(given["id"], "id") || newId(), ...(label === undefined ? {} : { label }) };
}

function mapping(value: unknown, message: string): Mapping {
  if (!isObject(value)) throw new Refusal(400, message);
  return value;
}

function list(value: unknown, name: string): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new Refusal(400, `Invalid ${name}`);
  return value;
}

function text(value: unknown, name: string): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "string") throw new Refusal(400, `Invalid ${name}`);
  return value;
}
