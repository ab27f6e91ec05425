// Stands in for zot: loads a configuration file with the checks of `zot verify` and `zot serve`.
import { readFileSync } from "node:fs";
import { extname } from "node:path";
import type { ZotConfig } from "./config.ts";
import { toConfig } from "./config.ts";
import { checkConfig } from "./checks.ts";
import { ConfigError, goOpenError, parseJson } from "./error.ts";
import type { Log } from "../server/log.ts";
import { decodeConfig } from "./schema.ts";
import type { ZotVersion } from "../version.ts";

/** Reads and validates a file. Logs errors as zot does and throws a `ConfigError`. */
export async function loadConfig(file: string, version: ZotVersion, log: Log): Promise<ZotConfig> {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw logged(
      log,
      new ConfigError(goOpenError(file, error), "failed to read configuration", { error: goOpenError(file, error) }),
    );
  }
  return parseConfig(text, extname(file), version, log);
}

/** Like `loadConfig`, for text already read. `extension` sets the format: YAML for `.yaml` and `.yml`, JSON for any other. */
export async function parseConfig(text: string, extension: string, version: ZotVersion, log: Log): Promise<ZotConfig> {
  try {
    const document = await parseDocument(text, extension);
    if (typeof document !== "object" || document === null || Object.keys(document).length === 0) {
      const absent = "failed to load config due to the absence of any key:value pair";
      throw new ConfigError(`invalid server config: ${absent}`, absent, { error: "invalid server config" });
    }
    const config = checkConfig(toConfig(decode(document, version)), version, log);
    return config;
  } catch (error) {
    throw logged(log, error);
  }
}

async function parseDocument(text: string, extension: string): Promise<unknown> {
  try {
    if (extension !== ".yaml" && extension !== ".yml") return parseJson(text);
    // Imported only when needed: most configurations are JSON.
    const { parse } = await import("yaml");
    return parse(text) as unknown;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigError(reason, "failed to read configuration", { error: reason });
  }
}

function decode(document: unknown, version: ZotVersion): ReturnType<typeof decodeConfig> {
  try {
    return decodeConfig(document, version);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigError(reason, "failed to unmarshal new config", { error: reason });
  }
}

function logged(log: Log, error: unknown): unknown {
  if (error instanceof ConfigError) log("error", error.logged, error.fields);
  return error;
}
