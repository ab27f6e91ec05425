// Resources without a server: they write down which calls they get, and fail where the test says so.
import { appendFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { ProviderDefinition, ResourceHandler, Values } from "../../../provider/grpc/index.ts";
import { compareInputs } from "../../../provider/grpc/index.ts";

export const CALLS = "calls";
/** The call that fails, such as `delete a`. */
export const FAILING = "failing";
/** The id of an object that a refresh does not find. */
export const GONE = "gone";

/** Inputs: a changed `value` is an update, a changed `fixed` a replacement, a changed `single` a replacement that deletes first. */
export function player(): ProviderDefinition {
  let folder = "";
  const calls = (): readonly string[] => readFileSync(join(folder, CALLS), "utf8").split("\n");
  const called = (call: string, id: string): void => {
    appendFileSync(join(folder, CALLS), `${call} ${id}\n`);
    if (readFileSync(join(folder, FAILING), "utf8") === call) throw new Error(`${call} fails`);
  };
  const thing: ResourceHandler = {
    diff: async ({ inputs, oldInputs }) => {
      const detailed = compareInputs(oldInputs, inputs);
      const changed = Object.keys(detailed);
      return Promise.resolve({
        changes: changed.length === 0 ? "none" : "some",
        replaces: changed.filter((key) => key !== "value"),
        deleteBeforeReplace: changed.includes("single"),
        detailed,
      });
    },
    preview: async (inputs) => Promise.resolve(inputs),
    create: async (inputs, { name }) => {
      const id = `${name}${calls().filter((call) => call.startsWith(`create ${name} `)).length + 1}`;
      called(`create ${name}`, id);
      return Promise.resolve({ id, state: { ...inputs, made: id } });
    },
    update: async (id, { made }, inputs, { name }) => {
      called(`update ${name}`, id);
      return Promise.resolve({ ...inputs, made } as Values);
    },
    read: async (id, state, inputs) =>
      Promise.resolve(id === readFileSync(join(folder, GONE), "utf8") ? undefined : { id, state, inputs }),
    delete: async (id, _state, { name }) => {
      called(`delete ${name}`, id);
      return Promise.resolve();
    },
  };
  return {
    name: "player",
    version: "1.0.0",
    configure: async (inputs) => {
      folder = inputs["folder"] as string;
      return Promise.resolve();
    },
    resources: { "player:index:Thing": async () => Promise.resolve(thing) },
  };
}
