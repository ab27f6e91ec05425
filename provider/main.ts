import { configure } from "./configuration.ts";
import { serve } from "./shell/index.ts";
import { functions, resources } from "./handlers.ts";

/** Our own provider. */
await serve({
  name: "zot-auth",
  version: "0.1.0",
  configure: async (inputs) => {
    configure(inputs);
    return Promise.resolve();
  },
  resources,
  functions,
});
