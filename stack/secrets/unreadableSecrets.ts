import { log, runtime } from "@pulumi/pulumi";
import { unreadable } from "../../core/secrets/local.ts";
import type { SecretReference } from "../../core/secrets/reference.ts";
import type { Settings } from "../../settings/schema.ts";

/**
 * The secrets of this machine, `env:` and `file:`, that cannot be read, each with its setting and the reason. A preview warns of them: it needs none,
 * and neither does an `up` with nothing to do, so that the loss of one would come to light when the key must be rotated.
 */
export async function unreadableSecrets({ authentik, argocd, forgejo }: Settings): Promise<readonly string[]> {
  const references: readonly (readonly [setting: string, SecretReference | undefined])[] = [
    ["authentik.token", authentik.token],
    ["argocd.token", argocd?.token],
    ["forgejo.token", forgejo.token],
    ...forgejo.secrets.map(({ name, source }) => [`forgejo.secrets (${name})`, source] as const),
  ];
  const found = await Promise.all(
    references.map(async ([setting, reference]) => {
      const why = reference === undefined ? undefined : await unreadable(reference);
      return why === undefined ? [] : [`${setting}: ${why}`];
    }),
  );
  const problems = found.flat();
  if (runtime.isDryRun()) for (const problem of problems) void log.warn(problem);
  return problems;
}
