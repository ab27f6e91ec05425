// Stand-in for the official plugin of @1password/pulumi-onepassword 1.1.3, used when that cannot be downloaded: `getItem` and `getVault`.
import type { ProviderDefinition } from "../../../provider/grpc/index.ts";
import type { Account } from "./model.ts";

/** With an account of its own, which the engine configures: several may run in one process. */
export function onePassword(): ProviderDefinition {
  let current: Account | undefined;
  const account = (): Account => {
    if (current === undefined) throw new Error("the engine requested an item before it configured the provider");
    return current;
  };
  return {
    name: "onepassword",
    version: "1.1.3",
    configure: async (inputs) => {
      current = await (await import("./account.ts")).accountOf(inputs);
    },
    resources: {},
    functions: {
      "onepassword:index/getItem:getItem": async () => (await import("./getItem.ts")).getItem(account()),
      "onepassword:index/getVault:getVault": async () => (await import("./getVault.ts")).getVault(account()),
    },
  };
}
