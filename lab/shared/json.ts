// Part of the lab: JSON values, and readers for values of unknown shape.

/** Any JSON value. */
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

/** A JSON object. */
export type JsonObject = Record<string, Json>;

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isList = (value: unknown): value is Json[] => Array.isArray(value);

/** The string, or `""` for any other value. */
export const text = (value: unknown): string => (typeof value === "string" ? value : "");

/** The array, or an empty one for any other value. */
export const list = (value: unknown): readonly Json[] => (isList(value) ? value : []);

/** The object, or an empty one for any other value. */
export const object = (value: unknown): JsonObject => (isObject(value) ? value : {});

/** The value for display: a string as it is, any other value as JSON. */
export const shown = (value: Json | undefined): string =>
  typeof value === "string" ? value : value === undefined ? "" : JSON.stringify(value);
