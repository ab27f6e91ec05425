import { ZotAuthError } from "../../core/errors.ts";
import { parseReference } from "../../core/secrets/reference.ts";
import type { SecretReference } from "../../core/secrets/reference.ts";
import { secretOfEnvironment, secretOfFile } from "../../core/secrets/local.ts";
import { onePassword } from "./vault.ts";
import type { OnePassword, OnePasswordConnection } from "./vault.ts";
import type { Secret } from "../../core/secrets/secret.ts";

export type { OnePasswordConnection } from "./vault.ts";

let store: OnePassword | undefined;

/** The engine calls this once, before any resource. */
export function configure(connection: OnePasswordConnection): void {
  store = onePassword(connection, resolveSecret);
}

/** 1Password as the stack's settings say. */
export function vault(): OnePassword {
  if (store === undefined) throw new Error("the engine asked for a resource before it configured the provider");
  return store;
}

/**
 * Resolves a reference where the secret is used. Nothing is kept beyond the operation: the next one resolves the reference again.
 *
 * @throws ZotAuthError `SECRET_MISSING`, `SECRET_EMPTY`, `SECRET_UNREADABLE`, and what 1Password's client throws
 */
export async function resolveSecret(reference: SecretReference, signal?: AbortSignal): Promise<Secret> {
  const parsed = parseReference(reference);
  switch (parsed?.kind) {
    case "op":
      return vault().read(reference, signal);
    case "env":
      return secretOfEnvironment(parsed.name, reference);
    case "file":
      return secretOfFile(parsed.path, reference);
    case undefined:
      throw new TypeError("the settings accepted a malformed secret reference");
  }
}

/** The reference points to nothing. An ambiguous section or field is still an error. */
const NOTHING_THERE = ["ONEPASSWORD_FIELD_MISSING", "ONEPASSWORD_ITEM_MISSING", "ONEPASSWORD_ITEM_ARCHIVED"];

/** As {@link resolveSecret}; `undefined` when the 1Password field is empty or missing, or its item is. */
export async function findSecret(reference: SecretReference, signal?: AbortSignal): Promise<Secret | undefined> {
  try {
    return await resolveSecret(reference, signal);
  } catch (error) {
    if (error instanceof ZotAuthError && NOTHING_THERE.includes(error.code)) return undefined;
    throw error;
  }
}
