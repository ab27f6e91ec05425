import { parseDocument } from "yaml";
import { isObject } from "../../../core/json.ts";
import type { JsonObject } from "../../../core/json.ts";
import { quote } from "../../../systems/zot/host/shell/shell.ts";
import { Stop } from "../stop.ts";

/** zot reads more formats than this program writes: which one a file has follows from its name, or else from what can be read. */
type Format = "JSON" | "YAML" | "TOML";

const BY_NAME: Readonly<Record<string, Format>> = { json: "JSON", yaml: "YAML", yml: "YAML", toml: "TOML" };

/** What turns a format into JSON, from standard input to standard output. `npx yaml` is this project's own parser. */
const CONVERTERS: Readonly<Record<Format, string | undefined>> = {
  JSON: undefined,
  YAML: "npx yaml --json --single --merge --strict --indent 2",
  TOML: "python3 -c 'import json, sys, tomllib; json.dump(tomllib.load(sys.stdin.buffer), sys.stdout, indent=2)'",
};

/**
 * The config in the text of zot's file.
 *
 * @throws Stop for a text that zot cannot read either, and for another format than JSON, with the command that converts it
 */
export function configIn(text: string, host: string, configFile: string): JsonObject {
  const extension = /\.([^./]*)$/.exec(configFile)?.[1] ?? "";
  const named = BY_NAME[extension];
  const format = named ?? formatOf(text);
  const json = format === "JSON" ? fromJson(text) : undefined;
  if (json !== undefined && extension === "json") return json;
  const place = `${configFile} on ${host}`;
  const isReadable = json !== undefined || format === "TOML" || (format === "YAML" && isYaml(text));
  if (!isReadable)
    throw new Stop(
      `Nothing was written: ${place} is not a ${format === "YAML" ? "YAML" : "JSON"} object, so zot does not start with it. Correct the file.`,
    );
  const target = extension === "" || named === undefined ? `${configFile}.json` : configFile.replace(/[^.]*$/, "json");
  throw new Stop(
    [
      `Nothing was written: ${place} ${format === "JSON" ? "does not end in .json" : `is ${format}`}, and this program writes the config as JSON. In this project's folder, make a file in JSON of it:`,
      `  ${conversion(host, configFile, target, CONVERTERS[format])}`,
      `Change the command that starts zot to ${target}, restart zot, and run this again with --registry.configFile ${target}.`,
    ].join("\n"),
  );
}

/** The new file has the owner and the mode of the old one, and replaces none. */
function conversion(host: string, from: string, to: string, converter: string | undefined): string {
  const [source, target] = [quote(from), quote(to)];
  const copy = `test ! -e ${target} && cp -p ${source} ${target}`;
  const remote = /^ssh:(.*)$/.exec(host)?.[1];
  if (remote === undefined) return converter === undefined ? copy : `${copy} && ${converter} < ${source} > ${target}`;
  const ssh = `ssh ${quote(remote)}`;
  if (converter === undefined) return `${ssh} ${quote(copy)}`;
  return `${ssh} ${quote(`cat ${source}`)} | ${converter} | ${ssh} ${quote(`${copy} && cat > ${target}`)}`;
}

/** As zot does with a name without a known ending: the first format that fits. */
function formatOf(text: string): Format {
  if (fromJson(text) !== undefined) return "JSON";
  // A table's header is a list in YAML, and what follows it an error.
  return /^\s*\[+[^\]]+\]+\s*$/m.test(text) && !isYaml(text) ? "TOML" : "YAML";
}

function fromJson(text: string): JsonObject | undefined {
  try {
    const config: unknown = JSON.parse(text);
    return isObject(config) ? config : undefined;
  } catch {
    // A parser quotes what it could not read, and the config may hold secrets.
    return undefined;
  }
}

function isYaml(text: string): boolean {
  const document = parseDocument(text, { merge: true });
  return document.errors.length === 0 && isObject(document.toJS());
}
