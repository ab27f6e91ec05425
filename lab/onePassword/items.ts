// Stands in for 1Password Connect: vaults, items and fields, as stored and as returned.
import { randomInt } from "node:crypto";

export interface Field {
  id: string;
  type: string;
  label?: string;
  purpose?: string;
  value?: string;
  section?: { readonly id: string; readonly label?: string };
  /** Attributes that this stand-in stores but does not use: `entropy`, `recipe`. */
  [attribute: string]: unknown;
}

export interface Section {
  readonly id: string;
  readonly label?: string;
}

/** A file of an item, without its content. */
export interface File {
  readonly id: string;
  readonly name: string;
  readonly size: number;
  readonly section?: { readonly id: string };
}

/** A complete item. */
export interface Item {
  id: string;
  title: string;
  vault: { id: string; name: string };
  category: string;
  version: number;
  /** Absent for an active item. Archived items are returned, deleted ones are not. */
  state?: "ARCHIVED" | "DELETED";
  createdAt: string;
  updatedAt: string;
  lastEditedBy: string;
  favorite?: boolean;
  tags?: readonly string[];
  urls?: readonly unknown[];
  sections?: readonly Section[];
  fields?: readonly Field[];
  files?: readonly File[];
}

export interface Vault {
  readonly id: string;
  readonly name: string;
  attributeVersion: number;
  /** Increases with every change of an item in the vault. */
  contentVersion: number;
  readonly createdAt: string;
  updatedAt: string;
  items: Item[];
}

export const CATEGORIES = [
  "LOGIN",
  "PASSWORD",
  "API_CREDENTIAL",
  "SERVER",
  "DATABASE",
  "CREDIT_CARD",
  "MEMBERSHIP",
  "PASSPORT",
  "SOFTWARE_LICENSE",
  "OUTDOOR_LICENSE",
  "SECURE_NOTE",
  "WIRELESS_ROUTER",
  "BANK_ACCOUNT",
  "DRIVER_LICENSE",
  "IDENTITY",
  "REWARD_PROGRAM",
  "DOCUMENT",
  "EMAIL_ACCOUNT",
  "SOCIAL_SECURITY_NUMBER",
  "MEDICAL_RECORD",
  "SSH_KEY",
  "CUSTOM",
];

/** Creates an id for a vault, an item or a field: 26 characters of lower-case base 32. */
export function newId(): string {
  const alphabet = "abcdefghijklmnopqrstuvwxyz234567";
  return Array.from({ length: 26 }, () => alphabet[randomInt(alphabet.length)] ?? "").join("");
}

export function isId(text: string): boolean {
  return /^[\da-z]{26}$/.test(text);
}

/** The current time, in whole seconds. */
export function now(): string {
  return `${new Date().toISOString().slice(0, 19)}Z`;
}

/** An item as listed: without sections, fields and files, and so without secrets. */
export function summary(item: Item): object {
  const shown: Partial<Item> = { ...item };
  delete shown.sections;
  delete shown.fields;
  delete shown.files;
  return { ...shown, additionalInformation: username(item) };
}

/** A vault as returned: with the number of its items. */
export function showVault({ items, ...vault }: Vault): object {
  return { ...vault, description: "", items: items.length, type: "USER_CREATED" };
}

function username(item: Item): string {
  return item.fields?.find((field) => field.purpose === "USERNAME")?.value ?? "";
}
