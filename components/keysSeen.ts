import { runtime } from "@pulumi/pulumi";
import type { InvokeOutputOptions, Output } from "@pulumi/pulumi";
import type { KeysSeen, KeysSeenArgs } from "../systems/zot/keys/keysSeen.ts";

type OutputArgs = { readonly [K in keyof KeysSeenArgs]: KeysSeenArgs[K] | Output<KeysSeenArgs[K]> };

/** Lists the account's keys in every `up` and reports those that it does not manage. `undefined` in a preview, which asks no server. */
export function lookAtKeys(
  args: OutputArgs,
  options: InvokeOutputOptions,
): { readonly [K in keyof KeysSeen]-?: Output<KeysSeen[K]> } | undefined {
  if (runtime.isDryRun()) return undefined;
  const seen = runtime.invokeOutput<KeysSeen>("zot-auth:zot:keysSeen", args, options);
  return { superseded: seen.apply((found) => found.superseded), unknown: seen.apply((found) => found.unknown) };
}
