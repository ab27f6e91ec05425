// Stands in for the zot program: the commands `schema`, `serve` and `verify`. Each is imported when it is asked for: the scripts of zot's host call zot several times a run.
import { parseArgs } from "node:util";
import { jsonLog, lineWriter } from "./server/log.ts";
import { builtWith, zotVersion } from "./version.ts";

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
    case "schema": {
      const { schemaText } = await import("./config/schema.ts");
      process.stdout.write(schemaText());
      return 0;
    }
    case "verify": {
      const { verify } = await import("./config/verify.ts");
      return verify(file, release);
    }
    case "serve": {
      const { serve } = await import("./server/serve.ts");
      return serve(file, release, usage);
    }
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
