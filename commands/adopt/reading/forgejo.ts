import { Forgejo } from "../../../systems/forgejo/client.ts";
import type { ForgejoConnection } from "../../../systems/forgejo/client.ts";

/** What such a secret is usually called, besides the setting's default. */
const LIKELY = /(?:ZOT|REGISTRY|CONTAINER|DOCKER|OCI).*(?:KEY|TOKEN|PASSWORD|SECRET)/;

/**
 * The names among the targets' Actions secrets that are likely to be that of CI's key. Values are never shown by Forgejo.
 *
 * @param usual the setting's default: alone, if there is such a secret
 */
export async function likelySecretNames(
  connection: ForgejoConnection,
  targets: readonly string[],
  usual: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const forgejo = new Forgejo(connection, signal);
  const names = new Set<string>();
  for (const target of targets) for (const name of (await forgejo.secretNames(target)) ?? []) names.add(name);
  return names.has(usual) ? [usual] : [...names].filter((name) => LIKELY.test(name)).sort();
}
