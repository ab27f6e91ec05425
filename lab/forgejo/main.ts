// Stands in for Forgejo: the command that runs it on its own.
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { startForgejo } from "./server.ts";
import type { ForgejoSeed } from "./server.ts";

const USAGE = `node lab/forgejo/main.ts --port 3000 --data DIR [--seed FILE] [--path DIR …] [--no-runner] [--version-emulated 15.0.3]
  --port       port on 127.0.0.1 (default 3000; 0: any free port)
  --data       folder for state and logs
  --seed       JSON file with users, organisations, tokens and repositories, used if the data folder is empty
  --path       folder to prepend to the runner's PATH; can be repeated
  --no-runner  no runner: runs wait forever
  --version-emulated     release (default 14.0.2, or FORGEJO_LAB_VERSION); from 15.0.0 on, jobs get tokens
  --id-token-expiration  lifetime of a job's token in seconds (default 3600)`;

const { values } = parseArgs({
  options: {
    port: { type: "string", default: "3000" },
    data: { type: "string" },
    seed: { type: "string" },
    path: { type: "string", multiple: true, default: [] },
    "no-runner": { type: "boolean", default: false },
    "version-emulated": { type: "string", default: process.env["FORGEJO_LAB_VERSION"] ?? "" },
    "id-token-expiration": { type: "string", default: "3600" },
    help: { type: "boolean", default: false },
  },
});

if (values.help || values.data === undefined) {
  console.log(USAGE);
  process.exitCode = values.help ? 0 : 2;
} else {
  const seed = values.seed === undefined ? {} : (JSON.parse(readFileSync(values.seed, "utf8")) as ForgejoSeed);
  const server = await startForgejo({
    port: Number(values.port),
    data: values.data,
    seed,
    ...(values["version-emulated"] === "" ? {} : { version: values["version-emulated"] }),
    idTokenLifetime: Number(values["id-token-expiration"]),
    runner: values["no-runner"] ? null : { pathPrefix: values.path },
  });
  console.log(server.url);
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void server.close());
}
