// Stands in for the deployment of zot's config, which the model's program leaves out: a run can fail there, after Authentik's objects and before the keys.
import { CustomResource } from "@pulumi/pulumi";
import type { Resource } from "@pulumi/pulumi";
import type { ResourceHandler } from "../../../provider/grpc/index.ts";
import type { Definition } from "./definition.ts";

const TYPE = "model:zot:Deployment";

class Deployment extends CustomResource {}

export class ZotDeployment {
  fails = false;
  readonly definition: Definition;

  constructor() {
    const handler: ResourceHandler = {
      preview: async (inputs) => Promise.resolve(inputs),
      create: async (inputs) => Promise.resolve({ id: "zot", state: inputs }),
      update: async (_id, _state, inputs) =>
        this.fails ? Promise.reject(new Error("zot does not take its config")) : Promise.resolve(inputs),
      read: async (id, state, inputs) => Promise.resolve({ id, state, inputs }),
      delete: async () => Promise.resolve(),
    };
    this.definition = { name: "model", resources: { [TYPE]: async () => Promise.resolve(handler) } };
  }

  /** For `program`. @param config a change of it is deployed */
  deploying(config: string): (parent: Resource, issuer: Resource) => void {
    return (parent, issuer) => void new Deployment(TYPE, "zot-config", { config }, { parent, dependsOn: [issuer] });
  }
}
