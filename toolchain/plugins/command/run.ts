import type { FunctionHandler } from "../../../provider/grpc/index.ts";
import { runCommand } from "./childProcess.ts";
import { failuresOf, optionsOf, text } from "./inputs.ts";

/** `local.run`: runs a command each time the program runs, including previews. */
export const run = (environment: NodeJS.ProcessEnv): FunctionHandler => ({
  call: async (args, context) => {
    const command = text(args["command"]);
    if (command === undefined) throw new Error("command is required");
    const [failure] = failuresOf(args);
    if (failure !== undefined) throw new Error(`${failure.property} ${failure.reason}`);
    return {
      ...args,
      ...(await runCommand(command, optionsOf(args), { stdout: "", stderr: "" }, environment, context)),
    };
  },
});
