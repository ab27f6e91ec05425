// Stands in for Forgejo 14.0.2: the command that runs it on its own.
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { startForgejo } from "./server.ts";
import type { ForgejoSeed } from "./server.ts";

const USAGE = `node lab/forgejo/main.ts --port 3000 --data DIR [--seed FILE] [--path DIR …] [--no-runner]
  --port       port on 127.0.0.1 (default 3000; 0: any free port)
  --data       folder for state and logs
  --seed       JSON file with users, organisations, tokens and repositories, used if the data folder is empty
  --path       folder to prepend to the runner's PATH; can be repeated
  --no-runner  no runner: runs wait forever`;

const { values } = parseArgs({
  options: {
    port: { type: "string", default: "3000" },
    data: { type: "string" },
    seed: { type: "string" },
    path: { type: "string", multiple: true, default: [] },
    "no-runner": { type: "boolean", default: false },
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
    runner: values["no-runner"] ? null : { pathPrefix: values.path },
  });
  console.log(server.url);
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void server.close());
}
