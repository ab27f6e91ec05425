/**
 * Where a secret is stored. Settings and state hold only this, never the secret.
 *
 * - `op://vault/item/field` or `op://vault/item/section/field`: 1Password, by names or ids (use ids where a title has parentheses or slashes)
 * - `env:NAME`: an environment variable of the machine that runs Pulumi
 * - `file:path`: a file on that machine, relative to the project's folder; one trailing newline is ignored
 */
export type SecretReference = `op://${string}` | `env:${string}` | `file:${string}`;

export type ParsedReference =
  | {
      readonly kind: "op";
      readonly vault: string;
      readonly item: string;
      /** Absent: the field is in any section, or in none. */
      readonly section?: string;
      readonly field: string;
    }
  | { readonly kind: "env"; readonly name: string }
  | { readonly kind: "file"; readonly path: string };

/** Parses a reference; `undefined` for any other text. */
export function parseReference(text: string): ParsedReference | undefined {
  const [, vault, item, section, field] = /^op:\/\/([^/]+)\/([^/]+)\/(?:([^/]+)\/)?([^/]+)$/.exec(text) ?? [];
  if (vault !== undefined && item !== undefined && field !== undefined) {
    return { kind: "op", vault, item, ...(section === undefined ? {} : { section }), field };
  }
  const name = /^env:([A-Za-z_][A-Za-z0-9_]*)$/.exec(text)?.[1];
  if (name !== undefined) return { kind: "env", name };
  const path = /^file:(.+)$/.exec(text)?.[1];
  return path === undefined ? undefined : { kind: "file", path };
}

/** Why a reference that can be parsed cannot be read; `undefined` if it can. */
export function referenceProblem(reference: string): string | undefined {
  const parsed = parseReference(reference);
  if (parsed?.kind !== "op") return undefined;
  if (reference.includes("?"))
    return "attributes such as ?attribute=otp are not supported. Remove the question mark and what follows; if a name contains a question mark, use its id";
  return [parsed.vault, parsed.item, parsed.section, parsed.field].some(
    (part) => part !== undefined && (/\p{Cc}/u.test(part) || part.trim() !== part),
  )
    ? "a part of it contains a control character, or begins or ends with a space. Remove that, or use ids instead of names"
    : undefined;
}

/**
 * Whether two references may name one field in 1Password: capitals seldom matter, and a reference without a section finds the field in any.
 * A name and an id of the same thing cannot be compared.
 */
export function mayBeSameField(one: string, other: string): boolean {
  const [a, b] = [parseReference(one.toLowerCase()), parseReference(other.toLowerCase())];
  if (a?.kind !== "op" || b?.kind !== "op") return false;
  const anySection = a.section === undefined || b.section === undefined;
  return a.vault === b.vault && a.item === b.item && a.field === b.field && (anySection || a.section === b.section);
}
