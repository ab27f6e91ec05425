// Stands in for the official plugin of @1password/pulumi-onepassword 1.1.3: `getItem` and `getVault`, where the plugin cannot be downloaded.
import { serve } from "../../../provider/grpc/index.ts";
import { announceStandIn } from "../standIn.ts";
import { setAccount } from "./account.ts";

const VERSION = "1.1.3";
const announce = announceStandIn("onepassword", VERSION);

await serve({
  name: "onepassword",
  version: VERSION,
  configure: async (inputs, context) => {
    await announce(inputs, context);
    await setAccount(inputs);
  },
  resources: {},
  functions: {
    "onepassword:index/getItem:getItem": async () => (await import("./getItem.ts")).getItem,
    "onepassword:index/getVault:getVault": async () => (await import("./getVault.ts")).getVault,
  },
});
