// Stands in for zot: the command `zot serve`.
import { BearerError } from "../access/bearer/bearerError.ts";
import { ConfigError } from "../config/error.ts";
import { loadConfig } from "../config/load.ts";
import { RelyingPartyError } from "../signIn/relyingParty.ts";
import { zotVersion } from "../version.ts";
import { jsonLog, lineWriter } from "./log.ts";
import { startZot } from "./server.ts";

/**
 * @param usage is printed when the command line or the config is wrong
 * @returns the exit code
 */
export async function serve(file: string | undefined, release: string | undefined, usage: string): Promise<number> {
  if (file === undefined) {
    process.stderr.write(`Error: accepts 1 arg(s), received 0\n${usage}`);
    return 1;
  }
  const stopped = Promise.withResolvers<NodeJS.Signals>();
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, stopped.resolve);
  let write = lineWriter("");
  try {
    const { output } = (await loadConfig(file, zotVersion(release), () => undefined)).log;
    write = lineWriter(output);
    const server = await startZot({ config: file, ...(release === undefined ? {} : { version: release }), log: write });
    jsonLog(write)("info", "listening", { url: server.url });
    const signal = await stopped.promise;
    jsonLog(write)("info", "received signal", { signal });
    await server.close();
    return 0;
  } catch (error) {
    return explain(error, write, usage);
  }
}

/** Reports why the server did not start and returns zot's exit code. */
function explain(error: unknown, write: (line: string) => void, usage: string): number {
  if (error instanceof RelyingPartyError) {
    const message = "failed to initialize new relying party oidc";
    jsonLog(write)("error", message, { error: error.message });
    process.stderr.write(`panic: ${message}\n`);
    return 2;
  }
  if (error instanceof BearerError) {
    const message = "failed to initialize OIDC bearer authorizer";
    jsonLog(write)("error", message, { error: error.message });
    process.stderr.write(`panic: ${message}\n`);
    return 2;
  }
  process.stderr.write(`Error: ${error instanceof Error ? error.message : String(error)}\n`);
  if (error instanceof ConfigError) process.stderr.write(usage);
  return 1;
}
