import { readFile } from "node:fs/promises";
import { resolve as resolvePath } from "node:path";
import { ZotAuthError } from "../domain/errors.ts";
import { parseReference } from "../domain/secretReference.ts";
import type { SecretReference } from "../domain/secretReference.ts";
import { onePassword } from "./clients/onePassword.ts";
import type { OnePassword } from "./clients/onePassword.ts";
import { Secret } from "./clients/secret.ts";

/** How to get into 1Password: the provider's configuration. Holds references, no secrets. */
export interface OnePasswordConnection {
  readonly connectUrl?: string;
  readonly connectToken?: SecretReference;
  readonly account?: string;
  readonly serviceAccountToken?: SecretReference;
}

let store: OnePassword | undefined;

/** Called once by the engine, before any resource. */
export function configure(connection: OnePasswordConnection): void {
  store = onePassword(connection, resolveSecret);
}

/** 1Password as the stack's settings say. */
export function vault(): OnePassword {
  if (store === undefined) throw new Error("the engine asked for a resource before it configured the provider");
  return store;
}

/**
 * Resolves a reference where the secret is used. Nothing is kept: the next use resolves it again.
 *
 * @param setting named in the error
 * @throws ZotAuthError `SECRET_MISSING`, and what 1Password's client throws
 */
export async function resolveSecret(reference: SecretReference, signal?: AbortSignal): Promise<Secret> {
  const parsed = parseReference(reference);
  switch (parsed?.kind) {
    case "op":
      return vault().read(reference, signal);
    case "env": {
      const value = process.env[parsed.name];
      if (value === undefined || value === "") {
        throw new ZotAuthError(
          "SECRET_MISSING",
          `The environment variable ${parsed.name} (from ${reference}) is not set. Set it where pulumi runs.`,
        );
      }
      return new Secret(value);
    }
    case "file":
      return new Secret(await readSecretFile(parsed.path, reference));
    case undefined:
      throw new TypeError("a secret reference that the settings let through cannot be read");
  }
}

/** As {@link resolveSecret}; `undefined` when the 1Password field is empty or missing. */
export async function findSecret(reference: SecretReference, signal?: AbortSignal): Promise<Secret | undefined> {
  try {
    return await resolveSecret(reference, signal);
  } catch (error) {
    if (error instanceof ZotAuthError && error.code === "ONEPASSWORD_FIELD_MISSING") return undefined;
    throw error;
  }
}

async function readSecretFile(path: string, reference: SecretReference): Promise<string> {
  try {
    return (await readFile(resolvePath(path), "utf8")).replace(/\r?\n$/, "");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "unknown error";
    throw new ZotAuthError(
      "SECRET_MISSING",
      `The file ${path} (from ${reference}) cannot be read (${code}). Put the secret there, mode 0600.`,
    );
  }
}
