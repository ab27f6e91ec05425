// Stands in for the zot program: the commands `schema`, `serve` and `verify`.
import { parseArgs } from "node:util";
import { ConfigError } from "./config/error.ts";
import { builtWith } from "./extensions.ts";
import { loadConfig } from "./config/load.ts";
import { jsonLog, lineWriter } from "./server/log.ts";
import { BearerError } from "./access/bearer/bearerError.ts";
import { RelyingPartyError } from "./signIn/relyingParty.ts";
import { schemaText } from "./config/schema.ts";
import { zotVersion } from "./version.ts";

const usage = `Usage:
  zot [flags]
  zot [command]

Available Commands:
  schema      \`schema\` prints the JSON schema of the config file
  serve       \`serve\` stores and distributes OCI images
  verify      \`verify\` validates a zot config file

Flags:
  -h, --help                        help for zot
  -v, --version                     show the version and exit
      --version-emulated string     the release to emulate (default "v2.1.20", or ZOT_LAB_VERSION)
`;

process.exitCode = await run(process.argv.slice(2));

async function run(args: string[]): Promise<number> {
  const options = parse(args);
  if (options === undefined) return 1;
  const { release, version, help, command, file } = options;
  if (version) return printVersion(release);
  if (help || command === undefined) {
    process.stdout.write(usage);
    return 0;
  }
  switch (command) {
    case "schema":
      process.stdout.write(schemaText());
      return 0;
    case "verify":
      return verify(file, release);
    case "serve":
      return serve(file, release);
    default:
      process.stderr.write(`Error: unknown command "${command}" for "zot"\nRun 'zot --help' for usage.\n`);
      return 1;
  }
}

interface CommandLine {
  readonly release: string | undefined;
  readonly version: boolean;
  readonly help: boolean;
  readonly command: string | undefined;
  readonly file: string | undefined;
}

function parse(args: string[]): CommandLine | undefined {
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        version: { type: "boolean", short: "v", default: false },
        help: { type: "boolean", short: "h", default: false },
        "version-emulated": { type: "string" },
      },
    });
    const [command, file] = positionals;
    const release = values["version-emulated"] ?? process.env["ZOT_LAB_VERSION"];
    return { release: release === "" ? undefined : release, version: values.version, help: values.help, command, file };
  } catch (error) {
    process.stderr.write(`Error: ${error instanceof Error ? error.message : ""}\n${usage}`);
    return undefined;
  }
}

function printVersion(release: string | undefined): number {
  const { commit } = zotVersion(release);
  const fields = { "distribution-spec": "1.1.1", commit, "binary-type": builtWith(), "go version": "" };
  jsonLog(lineWriter(""))("info", "version", fields);
  return 0;
}

async function verify(file: string | undefined, release: string | undefined): Promise<number> {
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

async function serve(file: string | undefined, release: string | undefined): Promise<number> {
  if (file === undefined) {
    process.stderr.write(`Error: accepts 1 arg(s), received 0\n${usage}`);
    return 1;
  }
  const stopped = Promise.withResolvers<NodeJS.Signals>();
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, stopped.resolve);
  let write = lineWriter("");
  try {
    // Imported here, so that `verify` does not load the server.
    const { startZot } = await import("./server/server.ts");
    const { output } = (await loadConfig(file, zotVersion(release), () => undefined)).log;
    write = lineWriter(output);
    const server = await startZot({ config: file, ...(release === undefined ? {} : { version: release }), log: write });
    jsonLog(write)("info", "listening", { url: server.url });
    const signal = await stopped.promise;
    jsonLog(write)("info", "received signal", { signal });
    await server.close();
    return 0;
  } catch (error) {
    return explain(error, write);
  }
}

/** Reports why the server did not start and returns zot's exit code. */
function explain(error: unknown, write: (line: string) => void): number {
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
