// Stands in for Forgejo 14.0.2: parsing and validation of request bodies.
import type { Context } from "hono";
import { Refusal } from "./responses.ts";

/** A field's type, in the words of Go's errors. */
type Kind = "string" | "bool" | "map[string]string";

export interface Form {
  /** The body's Go type, as Go's errors show it. */
  readonly type: string;
  readonly fields: Readonly<Record<string, { readonly kind: Kind; readonly required?: boolean }>>;
}

export type Body = Readonly<Record<string, string | boolean | Readonly<Record<string, string>> | undefined>>;

/** Parses JSON or a form. Ignores unknown fields; a wrong type is a 422. */
export async function bind(context: Context, form: Form): Promise<Body> {
  const body = parse(await context.req.text(), context.req.header("Content-Type"));
  const bound: Record<string, Body[string]> = {};
  for (const [name, { kind, required }] of Object.entries(form.fields)) {
    const value = checked(body[name], kind, `${form.type}.${capitalised(name)}`);
    if (required === true && (value === undefined || value === "")) refuse(capitalised(name), "Required");
    if (value !== undefined) bound[name] = value;
  }
  return bound;
}

/** A string field; empty if missing, as in Go. */
export function stringOf(body: Body, name: string): string {
  const value = body[name];
  return typeof value === "string" ? value : "";
}

function parse(text: string, contentType: string | undefined): Record<string, unknown> {
  if (contentType === undefined) refuse("", "Empty Content-Type");
  if (contentType.includes("form-urlencoded")) return Object.fromEntries(new URLSearchParams(text));
  if (!contentType.includes("json")) refuse("", "Unsupported Content-Type");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const position = /position (\d+)/.exec(error instanceof Error ? error.message : "")?.[1];
    refuse("", badStart(text[Number(position ?? text.length)] ?? "\u0000"));
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) refuse("", badStart(text.trim()[0] ?? ""));
  return value as Record<string, unknown>;
}

function checked(value: unknown, kind: Kind, field: string): Body[string] {
  if (value === undefined || value === null) return undefined;
  switch (kind) {
    case "string":
      return typeof value === "string" ? value : wrongType(value, field);
    case "bool":
      return typeof value === "boolean" ? value : wrongType(value, field, "bool");
    case "map[string]string":
      if (typeof value !== "object" || Array.isArray(value)) return wrongType(value, field, kind);
      return Object.fromEntries(
        Object.entries(value).map(([key, member]) => [
          key,
          typeof member === "string" ? member : wrongType(member, field),
        ]),
      );
  }
}

function wrongType(value: unknown, field: string, wanted = "string"): never {
  if (typeof value === "boolean") refuse("", badStart(value ? "t" : "f"));
  const found = Array.isArray(value) ? "array" : typeof value;
  refuse("", `json: cannot unmarshal ${found} into Go struct field ${field} of type ${wanted}`);
}

function badStart(character: string): string {
  return `invalid character '${character}' looking for beginning of value`;
}

function refuse(field: string, reason: string): never {
  throw new Refusal(422, `[${field}]: ${reason}`);
}

function capitalised(name: string): string {
  return name.slice(0, 1).toUpperCase() + name.slice(1);
}
