// Stands in for Authentik: JSON values, and reading them without trusting their shape.

/** What JSON can say. */
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

/** An object of JSON. */
export type JsonObject = Record<string, Json>;

export const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The text, or `""` for anything else. */
export const text = (value: Json | undefined): string => (typeof value === "string" ? value : "");

/** The list, or an empty one for anything else. */
export const list = (value: Json | undefined): readonly Json[] => (Array.isArray(value) ? value : []);

/** The object, or an empty one for anything else. */
export const object = (value: Json | undefined): JsonObject => (isObject(value) ? value : {});

/** The value as text: a text as it is, anything else as JSON writes it. */
export const shown = (value: Json | undefined): string =>
  typeof value === "string" ? value : value === undefined ? "" : JSON.stringify(value);
