// Stands in for zot: reads the secret files named in its configuration, as strictly as zot.
import { readFileSync } from "node:fs";
import { extname } from "node:path";
import { ConfigError, goOpenError, parseJson } from "./error.ts";

/** Reads a JSON file that must have exactly `keys`, in any case. Throws a `ConfigError` with zot's message. */
export function readSecretFile(file: string, keys: readonly string[]): Readonly<Record<string, string>> {
  const invalid = (message: string, found: object = {}): ConfigError =>
    new ConfigError(`invalid server config: ${message}`, message, { error: "invalid server config", ...found });
  let document: unknown;
  try {
    if (extname(file) !== ".json") throw new Error(`Unsupported Config Type "${extname(file).slice(1)}"`);
    document = parseJson(readText(file));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigError(`invalid server config\n${reason}`, "failed to read secret file configuration", {
      error: reason,
    });
  }
  const values = new Map(
    Object.entries(document as Record<string, unknown>).map(([key, value]) => [key.toLowerCase(), value]),
  );
  const known = new Map(keys.map((key) => [key.toLowerCase(), key]));
  if (![...values.keys()].some((key) => known.has(key))) {
    throw invalid("failed to load secret file due to the absence of any key:value pair");
  }
  const unset = keys.filter((key) => !values.has(key.toLowerCase()));
  if (unset.length > 0) throw invalid("failed to load secret file due to unset keys", { keys: unset });
  const unknown = [...values.keys()].filter((key) => !known.has(key));
  if (unknown.length > 0) throw invalid("failed to load secret file due to unknown keys", { keys: unknown });
  return Object.fromEntries(keys.map((key) => [key, String(values.get(key.toLowerCase()))]));
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new Error(goOpenError(file, error), { cause: error });
  }
}
