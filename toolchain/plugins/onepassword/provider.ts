// Stand-in for the official plugin of @1password/pulumi-onepassword 1.1.3, used when that cannot be downloaded: `getItem` and `getVault`.
import type { ProviderDefinition } from "../../../provider/grpc/index.ts";
import { setAccount } from "./account.ts";

export const onePassword: ProviderDefinition = {
  name: "onepassword",
  version: "1.1.3",
  configure: setAccount,
  resources: {},
  functions: {
    "onepassword:index/getItem:getItem": async () => (await import("./getItem.ts")).getItem,
    "onepassword:index/getVault:getVault": async () => (await import("./getVault.ts")).getVault,
  },
};
