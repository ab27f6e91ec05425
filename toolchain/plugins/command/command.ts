import { randomBytes } from "node:crypto";
import { UNKNOWN, diffByInputs } from "../../../provider/grpc/index.ts";
import type { Context, ResourceHandler, Values } from "../../../provider/grpc/index.ts";
import { runCommand } from "./childProcess.ts";
import { failuresOf, optionsOf, outputOf, text } from "./inputs.ts";

/** `local.Command`: runs a command on create, update and delete; a change of `triggers` replaces the resource. */
export const command = (environment: NodeJS.ProcessEnv): ResourceHandler => ({
  check: async (inputs) => Promise.resolve({ inputs, failures: failuresOf(inputs) }),

  diff: async ({ inputs, oldInputs }) => Promise.resolve(diffByInputs(oldInputs, inputs, ["triggers"])),

  preview: async (inputs) => Promise.resolve({ ...inputs, stdout: UNKNOWN, stderr: UNKNOWN }),

  create: async (inputs, context) => ({
    id: context.name + randomBytes(4).toString("hex"),
    state: await run(text(inputs["create"]), inputs, {}, environment, context),
  }),

  update: async (_id, state, inputs, context) =>
    run(text(inputs["update"]) ?? text(inputs["create"]), inputs, state, environment, context),

  delete: async (_id, state, context) => {
    await run(text(state["delete"]), state, state, environment, context);
  },

  // The command may print any secret input.
  secretOutputs: (secretInputs) => (secretInputs.size === 0 ? [] : ["stdout", "stderr"]),
});

async function run(
  script: string | undefined,
  inputs: Values,
  state: Values,
  environment: NodeJS.ProcessEnv,
  context: Context,
): Promise<Values> {
  const previous = outputOf(state);
  if (script === undefined) return { ...inputs, ...previous };
  return { ...inputs, ...(await runCommand(script, optionsOf(inputs), previous, environment, context)) };
}
