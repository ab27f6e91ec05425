// Stands in for Authentik: the command that runs it on its own.
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import type { AuthentikSeed } from "./server.ts";
import { defaultSeed, startAuthentik, withSeed } from "./server.ts";

const usage = `Usage: node lab/authentik/main.ts --data <folder> --blueprints <folder> [options]

  --port <number>       port on 127.0.0.1 (default 9000)
  --data <folder>       folder for the state
  --blueprints <folder> folder of blueprint files, which Authentik shows as custom/<file>
  --seed <file>         JSON file with groups, users and tokens, used if the data folder is empty
  --version <release>   Authentik release (default AUTHENTIK_LAB_VERSION, or 2026.2.0)
  --public-url <url>    public URL of Authentik
The worker gets this command's environment. AUTHENTIK_LISTEN__TRUSTED_PROXY_CIDRS works as in Authentik.
`;

const { values } = parseArgs({
  options: {
    port: { type: "string", default: "9000" },
    data: { type: "string" },
    blueprints: { type: "string" },
    seed: { type: "string" },
    version: { type: "string" },
    "public-url": { type: "string" },
  },
});
const { data, blueprints, version } = values;
if (data === undefined || blueprints === undefined) {
  process.stderr.write(usage);
  process.exit(2);
}
const extra = values.seed === undefined ? {} : (JSON.parse(readFileSync(values.seed, "utf8")) as AuthentikSeed);
const proxies = process.env["AUTHENTIK_LISTEN__TRUSTED_PROXY_CIDRS"];
const server = await startAuthentik({
  port: Number(values.port),
  data,
  blueprintsDirectory: blueprints,
  environment: process.env,
  seed: withSeed(defaultSeed(), extra),
  ...(version === undefined ? {} : { version }),
  ...(proxies === undefined ? {} : { trustedProxies: proxies.split(",") }),
  ...(values["public-url"] === undefined ? {} : { publicUrl: values["public-url"] }),
  log: (line) => process.stdout.write(`${line}\n`),
});
process.stdout.write(`${server.url}\n`);
