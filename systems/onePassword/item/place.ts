import { ZotAuthError } from "../../../core/errors.ts";
import { parseReference } from "../../../core/secretReference.ts";
import type { SecretReference } from "../../../core/secretReference.ts";

/** Where a field is: vault, item and section by name or id, the field by label or id. */
export interface Place {
  readonly vault: string;
  readonly item: string;
  readonly section?: string;
  readonly field: string;
  /** As the setting has it, for errors. */
  readonly reference: SecretReference;
}

/** 1Password's ids of vaults and items, as Connect's API describes them. */
export function isId(text: string): boolean {
  return /^[\da-z]{26}$/.test(text);
}

/**
 * Takes a reference apart.
 *
 * @throws ZotAuthError `ONEPASSWORD_REFERENCE_INVALID`
 */
export function placeOf(reference: SecretReference): Place {
  const parsed = parseReference(reference);
  if (parsed?.kind !== "op") throw new TypeError("a reference that the settings let through is no 1Password reference");
  const { kind: _kind, ...place } = parsed;
  if (reference.includes("?")) {
    throw invalid(
      reference,
      "attributes such as ?attribute=otp name no field. Leave the question mark and what follows out; for a name with a question mark in it, use its id",
    );
  }
  for (const part of [place.vault, place.item, place.section, place.field]) {
    if (part !== undefined && (/\p{Cc}/u.test(part) || part.trim() !== part)) {
      throw invalid(
        reference,
        "a part of it has a control character, or a space at its beginning or end. Use ids instead of names",
      );
    }
  }
  return { ...place, reference };
}

/**
 * `op` names things by letters, digits, spaces, and `-` `_` `.`; what begins with a hyphen would be an option of the command.
 *
 * @throws ZotAuthError `ONEPASSWORD_REFERENCE_INVALID`
 */
export function assertOpUnderstands({ reference, vault, item, section, field }: Place): void {
  for (const part of [vault, item, section, field]) {
    if (part === undefined || /^[A-Za-z0-9_.][A-Za-z0-9_. -]*$/.test(part)) continue;
    throw invalid(
      reference,
      `op takes only letters, digits, spaces, "-", "_" and "." in the names of a reference, and no "-" at the beginning, unlike "${part}". Use the id instead: \`op item get <item> --format json\` shows the ids`,
    );
  }
}

function invalid(reference: string, why: string): ZotAuthError {
  return new ZotAuthError(
    "ONEPASSWORD_REFERENCE_INVALID",
    `The reference ${JSON.stringify(reference)} cannot be used: ${why}.`,
  );
}
