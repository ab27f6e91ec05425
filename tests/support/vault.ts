// Vault, as far as Pulumi uses it to open a stack's key. With a passphrase, each run of the CLI spends a third of its CPU time on deriving the key.
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** Where a stack has its key. */
export interface KeyInVault {
  /** Of the stack's settings file. */
  readonly settings: { readonly secretsprovider: string; readonly encryptedkey: string };
  /** Of the CLI. */
  readonly environment: NodeJS.ProcessEnv;
}

/** Makes a key, which this process serves until it ends. */
export async function keyInVault(): Promise<KeyInVault> {
  const key = randomBytes(32);
  const server = createServer((request, response) => {
    request.resume();
    response.statusCode = request.url === "/v1/transit/decrypt/lab" ? 200 : 404;
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ data: { plaintext: key.toString("base64") } }));
  });
  await once(server.listen(0, "127.0.0.1").unref(), "listening");
  const { port } = server.address() as AddressInfo;
  return {
    settings: {
      secretsprovider: "hashivault://lab",
      encryptedkey: Buffer.from("vault:v1:the key").toString("base64"),
    },
    environment: { VAULT_SERVER_URL: `http://127.0.0.1:${port}` },
  };
}
