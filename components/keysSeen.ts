import { runtime } from "@pulumi/pulumi";
import type { InvokeOutputOptions, Output } from "@pulumi/pulumi";
import type { Settings } from "../settings/schema.ts";
import type { KeysSeen, KeysSeenArgs } from "../systems/zot/keys/keysSeen.ts";
import type { KeyOutputs } from "./ciServiceAccount.ts";

/**
 * The account's keys, looked at in every `up`; those that nobody declared are told there and then. `undefined` in a preview, which asks no
 * server and nobody's fingerprint.
 */
export function lookAtKeys(
  { settings, owner, key }: { readonly settings: Settings; readonly owner: string; readonly key: KeyOutputs },
  options: InvokeOutputOptions,
): { readonly [K in keyof KeysSeen]-?: Output<KeysSeen[K]> } | undefined {
  if (runtime.isDryRun()) return undefined;
  const { registry, ci } = settings;
  const args: { readonly [K in keyof KeysSeenArgs]: KeysSeenArgs[K] | Output<KeysSeenArgs[K]> } = {
    registryUrl: registry.url,
    username: ci.user,
    source: ci.keyStore,
    owner,
    uuid: key.uuid,
    fingerprint: key.fingerprint,
    policy: ci.unmanagedKeys,
  };
  const seen = runtime.invokeOutput<KeysSeen>("zot-auth:zot:keysSeen", args, options);
  return { superseded: seen.apply((found) => found.superseded), unknown: seen.apply((found) => found.unknown) };
}
