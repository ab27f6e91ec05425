import { open } from "node:fs/promises";
import { resolve as resolvePath } from "node:path";
import { ZotAuthError, messageOf } from "../errors.ts";
import { parseReference } from "./reference.ts";
import type { SecretReference } from "./reference.ts";
import { Secret } from "./secret.ts";

/** The permission bit for users other than the file's owner and group. */
const WORLD_READABLE = 0o004;

const warned = new Set<string>();

/**
 * A secret in an environment variable of this process.
 *
 * @throws ZotAuthError `SECRET_MISSING`, `SECRET_EMPTY`
 */
export function secretOfEnvironment(name: string, reference: SecretReference): Secret {
  const value = process.env[name];
  if (value === undefined) {
    throw new ZotAuthError(
      "SECRET_MISSING",
      `The environment variable ${name} (from ${reference}) is not set. Set it where pulumi runs.`,
    );
  }
  if (value === "") {
    throw new ZotAuthError(
      "SECRET_EMPTY",
      `The environment variable ${name} (from ${reference}) is empty. Set it to the secret where pulumi runs.`,
    );
  }
  return new Secret(value);
}

/**
 * Why a secret of this machine cannot be read; `undefined` when it can, or when it is 1Password's. It warns of nothing: whoever uses the secret does.
 */
export async function unreadable(reference: SecretReference): Promise<string | undefined> {
  const parsed = parseReference(reference);
  try {
    if (parsed?.kind === "env") secretOfEnvironment(parsed.name, reference);
    if (parsed?.kind === "file")
      secretOfText(await readText(parsed.path, reference, () => undefined), parsed.path, reference);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

/**
 * A secret in a file on this machine. One trailing newline, as editors and `echo` leave it, is ignored. A world-readable file
 * causes one warning, `SECRET_FILE_WORLD_READABLE`: an error would come too late, since others may have read it already.
 *
 * @throws ZotAuthError `SECRET_MISSING`, `SECRET_EMPTY`, `SECRET_UNREADABLE`
 */
export async function secretOfFile(path: string, reference: SecretReference): Promise<Secret> {
  return secretOfText(await readText(path, reference, warn), path, reference);
}

function secretOfText(contents: string, path: string, reference: SecretReference): Secret {
  const text = contents.replace(/\r?\n$/, "");
  if (text.trim() !== "") return new Secret(text);
  throw new ZotAuthError(
    "SECRET_EMPTY",
    `The file ${path} (from ${reference}) is empty. Store the secret there, mode 0600.`,
  );
}

async function readText(path: string, reference: SecretReference, worldReadable: typeof warn): Promise<string> {
  try {
    const file = await open(resolvePath(path), "r");
    try {
      // Of the opened file, not of the path, which could name another file by now.
      const stat = await file.stat();
      if (process.platform !== "win32" && stat.isFile() && (stat.mode & WORLD_READABLE) !== 0)
        worldReadable(path, reference);
      return await file.readFile("utf8");
    } finally {
      await file.close();
    }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "unknown error";
    if (code === "ENOENT" || code === "ENOTDIR") {
      throw new ZotAuthError(
        "SECRET_MISSING",
        `The file ${path} (from ${reference}) does not exist. Store the secret there, mode 0600; the path is relative to the project's folder.`,
        error,
      );
    }
    throw new ZotAuthError(
      "SECRET_UNREADABLE",
      code === "EISDIR"
        ? `${path} (from ${reference}) is a folder. Name the file in it that contains the secret.`
        : `The file ${path} (from ${reference}) cannot be read (${code}). Make the user who runs pulumi its owner, with mode 0600.`,
      error,
    );
  }
}

function warn(path: string, reference: SecretReference): void {
  if (warned.has(path)) return;
  warned.add(path);
  process.emitWarning(
    `Everyone on this machine can read the file ${path} (from ${reference}). Make it private, \`chmod 600\`, and replace the secret in it.`,
    { type: "ZotAuthWarning", code: "SECRET_FILE_WORLD_READABLE" },
  );
}
