import { runtime } from "@pulumi/pulumi";
import type { InvokeOutputOptions, Output } from "@pulumi/pulumi";
import type { Listing, ListingArgs } from "../../systems/zot/keys/otherKeys/listing.ts";

type OutputArgs = { readonly [K in keyof ListingArgs]: ListingArgs[K] | Output<ListingArgs[K]> };

/** The account's other keys, listed in every `up`. `undefined` in a preview, which asks no server. */
export function listOtherKeys(args: OutputArgs, options: InvokeOutputOptions): Output<Listing | undefined> | undefined {
  if (runtime.isDryRun()) return undefined;
  return runtime
    .invokeOutput<{ readonly listing?: Listing }>("zot-auth:zot:listOtherKeys", args, options)
    .apply(({ listing }) => listing);
}
