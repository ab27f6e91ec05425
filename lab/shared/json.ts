// Part of the lab: JSON values, and how to read them without trusting their shape.

/** Any JSON value. */
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

/** A JSON object. */
export type JsonObject = Record<string, Json>;

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isList = (value: unknown): value is Json[] => Array.isArray(value);

/** The text, or `""` for anything else. */
export const text = (value: unknown): string => (typeof value === "string" ? value : "");

/** The list, or an empty one for anything else. */
export const list = (value: unknown): readonly Json[] => (isList(value) ? value : []);

/** The object, or an empty one for anything else. */
export const object = (value: unknown): JsonObject => (isObject(value) ? value : {});

/** The value as text: a text as it is, anything else as JSON writes it. */
export const shown = (value: Json | undefined): string =>
  typeof value === "string" ? value : value === undefined ? "" : JSON.stringify(value);
