import { ZotAuthError } from "../../../../core/errors.ts";

/** Paths on the host. */
export interface HostFiles {
  /** The zot executable: a path, or a name on PATH. */
  readonly binary: string;
  readonly configFile: string;
  readonly credentialsFile: string;
  readonly dataDirectory: string;
}

/**
 * Rejects a path that a service file, a record or an error message could not hold. Spaces, quotes, `$` and `%` are fine.
 *
 * @throws ZotAuthError `PATH_UNSUPPORTED`
 */
export function assertPlainPath(setting: string, path: string): void {
  if (/\p{Cc}/u.test(path)) {
    throw new ZotAuthError(
      "PATH_UNSUPPORTED",
      `${setting} is ${JSON.stringify(path)}, a path with a control character. Move the file, or correct the setting.`,
    );
  }
}
