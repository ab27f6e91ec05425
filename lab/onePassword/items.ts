// Stands in for 1Password Connect: vaults, items and their fields as it keeps and shows them.
import { randomInt } from "node:crypto";

export interface Field {
  id: string;
  type: string;
  label?: string;
  purpose?: string;
  value?: string;
  section?: { readonly id: string; readonly label?: string };
  /** Attributes that this stand-in only keeps: `entropy`, `recipe`, `generate`. */
  [attribute: string]: unknown;
}

export interface Section {
  readonly id: string;
  readonly label?: string;
}

/** A file of an item; its content is not kept. */
export interface File {
  readonly id: string;
  readonly name: string;
  readonly size: number;
  readonly section?: { readonly id: string };
}

/** An item with everything in it. */
export interface Item {
  id: string;
  title: string;
  vault: { id: string; name: string };
  category: string;
  version: number;
  /** An item in the archive is still shown; a deleted one is not. Absent: neither. */
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
  /** Counts the changes of items in the vault. */
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

/** 26 characters of lower-case base 32, the form of every id of vaults, items and new fields. */
export function newId(): string {
  const alphabet = "abcdefghijklmnopqrstuvwxyz234567";
  return Array.from({ length: 26 }, () => alphabet[randomInt(alphabet.length)] ?? "").join("");
}

export function isId(text: string): boolean {
  return /^[\da-z]{26}$/.test(text);
}

/** Now, in whole seconds. */
export function now(): string {
  return `${new Date().toISOString().slice(0, 19)}Z`;
}

/** An item in a list: without sections, fields and files, so without secrets. */
export function summary(item: Item): object {
  const shown: Partial<Item> = { ...item };
  delete shown.sections;
  delete shown.fields;
  delete shown.files;
  return { ...shown, additionalInformation: username(item) };
}

/** A vault without its items, which are counted. */
export function showVault({ items, ...vault }: Vault): object {
  return { ...vault, description: "", items: items.length, type: "USER_CREATED" };
}

function username(item: Item): string {
  return item.fields?.find((field) => field.purpose === "USERNAME")?.value ?? "";
}
