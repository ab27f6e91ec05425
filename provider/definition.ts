import { configure } from "../systems/onePassword/resolver.ts";
import type { ProviderDefinition } from "./grpc/index.ts";
import { functions, resources } from "./handlers.ts";

/** Our own provider. */
export const zotAuth: ProviderDefinition = {
  name: "zot-auth",
  version: "0.1.0",
  configure: async (inputs) => {
    configure(inputs);
    return Promise.resolve();
  },
  resources,
  functions,
};
