import { ZotAuthError } from "../../../core/errors.ts";
import { parseReference, referenceProblem } from "../../../core/secrets/reference.ts";
import type { SecretReference } from "../../../core/secrets/reference.ts";

/** Where a field is: vault, item and section by name or id, the field by label or id. */
export interface Place {
  readonly vault: string;
  readonly item: string;
  readonly section?: string;
  readonly field: string;
  /** As the setting has it, for errors. */
  readonly reference: SecretReference;
}

/** Whether the text is an id of a vault or item, as Connect's API defines it. */
export function isId(text: string): boolean {
  return /^[\da-z]{26}$/.test(text);
}

/** What to add to an error about a name that was not found: with four parts, one of them may be half of a name with a slash. */
export function slashHint(section: string | undefined): string {
  return section === undefined ? "" : " If a name in it contains a slash, use its id: a slash separates the parts.";
}

/**
 * Parses a 1Password reference.
 *
 * @throws ZotAuthError `ONEPASSWORD_REFERENCE_INVALID`
 */
export function placeOf(reference: SecretReference): Place {
  const parsed = parseReference(reference);
  if (parsed?.kind !== "op") throw new TypeError("the settings accepted a reference that is not a 1Password reference");
  const { kind: _kind, ...place } = parsed;
  const problem = referenceProblem(reference);
  if (problem !== undefined) throw invalid(reference, problem);
  return { ...place, reference };
}

/**
 * `op` accepts letters, digits, spaces, and `-` `_` `.` in names; a leading hyphen would make an option.
 *
 * @throws ZotAuthError `ONEPASSWORD_REFERENCE_INVALID`
 */
export function assertOpUnderstands({ reference, vault, item, section, field }: Place): void {
  for (const part of [vault, item, section, field]) {
    if (part === undefined || /^[A-Za-z0-9_.][A-Za-z0-9_. -]*$/.test(part)) continue;
    throw invalid(
      reference,
      `op accepts only letters, digits, spaces, "-", "_" and "." in "${part}", and no "-" at its beginning. Use the id instead, from \`op item get <item> --format json\``,
    );
  }
}

function invalid(reference: string, why: string): ZotAuthError {
  return new ZotAuthError("ONEPASSWORD_REFERENCE_INVALID", `Invalid reference ${JSON.stringify(reference)}: ${why}.`);
}
