// Stands in for skopeo: `login`, with the password on standard input.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { text } from "./options.ts";
import type { Values } from "./options.ts";
import { Fatal } from "../errors.ts";
import { readAuthFile } from "../registry/credentials.ts";
import { RegistryClient } from "../registry/registry.ts";

/** Checks the credentials at the registry, and keeps them in the authentication file. */
export async function login(
  host: string,
  values: Values,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<string> {
  const file = text(values, "authfile") ?? environment["REGISTRY_AUTH_FILE"];
  const username = text(values, "username");
  if (values["password-stdin"] !== true || username === undefined || file === undefined)
    throw new Fatal("the stand-in needs --username, --password-stdin and an authentication file");
  const { auths: others } = existsSync(file) ? readAuthFile(file) : {};
  // As skopeo: what `echo` adds is no part of the password.
  const password = readFileSync(0, "utf8").replace(/\n$/, "");
  const options = { credentials: { username, password }, verifyTls: text(values, "tls-verify") !== "false" };
  const client = await RegistryClient.open({ host, path: "" }, options);
  if (!(await client.accepts())) throw new Fatal(`logging into ${JSON.stringify(host)}: invalid username/password`);
  const auth = Buffer.from(`${username}:${password}`).toString("base64");
  writeFileSync(file, JSON.stringify({ auths: { ...others, [host]: { auth } } }), { mode: 0o600 });
  return "Login Succeeded!\n";
}
