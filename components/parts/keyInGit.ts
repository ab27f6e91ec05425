import { runtime } from "@pulumi/pulumi";
import type { InvokeOutputOptions, Output } from "@pulumi/pulumi";
import type { GitArgs } from "../../systems/argocd/sync.ts";

/** Where Git contains the key, by a new comparison in every `up`. `undefined` in a preview: the comparison could make Argo CD sync. */
export function keyInGit(args: GitArgs, options: InvokeOutputOptions): Output<string | undefined> | undefined {
  if (runtime.isDryRun()) return undefined;
  return runtime
    .invokeOutput<{ readonly inGit?: string }>("zot-auth:argocd:keyInGit", { ...args }, options)
    .apply(({ inGit }) => inGit);
}
