// Stands in for zot: the command `zot verify`.
import { jsonLog, lineWriter } from "../server/log.ts";
import { zotVersion } from "../version.ts";
import { ConfigError } from "./error.ts";
import { loadConfig } from "./load.ts";

/** @returns the exit code */
export async function verify(file: string | undefined, release: string | undefined): Promise<number> {
  // zot prints nothing if no file is given.
  if (file === undefined) return 0;
  const log = jsonLog(lineWriter(""), "info");
  try {
    await loadConfig(file, zotVersion(release), log);
    log("info", "config file is valid", { config: file });
    return 0;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    log("error", "invalid config file", { config: file });
    process.stderr.write(`Error: ${error.message}\n`);
    return 1;
  }
}
