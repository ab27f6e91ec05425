// Stands in for 1Password Connect: the command that runs it standalone.
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { startConnect } from "./server.ts";
import type { ConnectSeed } from "./server.ts";

const USAGE = `node lab/onePassword/main.ts --port 8080 --data DIR [--seed FILE]
  --port   port on 127.0.0.1 (default 8080; 0: any free port)
  --data   folder for the vaults
  --seed   JSON file with vaults and tokens, used if the folder is empty:
           {"vaults": [{"name": "homelab", "items": [{"title": "zot", "fields": [{"label": "client-secret", "value": "…"}]}]}],
            "tokens": [{"token": "any text", "vaults": {"homelab": "write"}}]}
           lab/onePassword/seed.ts has all its properties.`;

const { values } = parseArgs({
  options: {
    port: { type: "string", default: "8080" },
    data: { type: "string" },
    seed: { type: "string" },
    help: { type: "boolean", default: false },
  },
});

if (values.help || values.data === undefined) {
  console.log(USAGE);
  process.exitCode = values.help ? 0 : 2;
} else {
  const seed = values.seed === undefined ? {} : (JSON.parse(readFileSync(values.seed, "utf8")) as ConnectSeed);
  const server = await startConnect({ port: Number(values.port), data: values.data, seed });
  console.log(server.url);
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void server.close());
}
