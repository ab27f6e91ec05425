// Stands in for Authentik: the field types of its models.
import { randomBytes } from "node:crypto";
import type { Json } from "../../shared/json.ts";

/** What a field refers to: one model, or any model of a kind; policies can be bound to `bindable` ones. */
export type Target = string | { readonly any: "stage" | "provider" | "policy" | "bindable" };

export interface Field {
  readonly kind: "text" | "boolean" | "integer" | "reference" | "references" | "list" | "object";
  /** Required on creation. */
  readonly required?: true;
  readonly nullable?: true;
  readonly unique?: true;
  /** Only letters, digits, hyphens and underscores. */
  readonly slug?: true;
  readonly choices?: readonly string[];
  readonly to?: Target;
  /** What happens to this object when the referenced one is deleted. Default `cascade`. */
  readonly onDelete?: "cascade" | "null";
  readonly initial?: Json | (() => Json);
  /** First release that knows the field; earlier ones ignore it. */
  readonly since?: string;
}

export interface Model {
  readonly key: "uuid" | "number";
  /** Name in messages: `No Token matches the given query.` */
  readonly name: string;
  readonly fields: Readonly<Record<string, Field>>;
  /** Policies can be bound to its objects. */
  readonly bindable?: true;
  /** Additional fields in the API: the component of the form, the verbose name, and its plural. */
  readonly shown?: { readonly component: string; readonly one: string; readonly many: string };
}

const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
/** Random letters and digits, like Authentik's keys. */
export const randomKey = (length: number): string =>
  Array.from(randomBytes(length), (byte) => letters[byte % letters.length]).join("");

export const name: Field = { kind: "text", required: true };
export const uniqueName: Field = { kind: "text", required: true, unique: true };
export const uniqueSlug: Field = { ...uniqueName, slug: true };
export const words = (initial = ""): Field => ({ kind: "text", initial });
export const flag = (initial: boolean): Field => ({ kind: "boolean", initial });
export const items = (...initial: Json[]): Field => ({ kind: "list", initial });
export const attributes: Field = { kind: "object", initial: {} };
export const optional = (to: Target): Field => ({
  kind: "reference",
  to,
  nullable: true,
  onDelete: "null",
  initial: null,
});
export const maybe: Field = { kind: "text", nullable: true, initial: null };
export const mode: Field = { kind: "text", choices: ["all", "any"], initial: "any" };
export const flowReference: Field = { kind: "reference", to: "authentik_flows.flow", required: true };
