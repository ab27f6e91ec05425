import type { FunctionHandler } from "../../../provider/grpc/index.ts";
import { runCommand } from "./childProcess.ts";
import { failuresOf, optionsOf, text } from "./inputs.ts";

/** `local.run`: runs a command whenever the program runs, in previews too. */
export const run: FunctionHandler = {
  call: async (args, context) => {
    const command = text(args["command"]);
    if (command === undefined) throw new Error("command is missing: give local.run the command to run");
    const [failure] = failuresOf(args);
    if (failure !== undefined) throw new Error(`${failure.property} ${failure.reason}`);
    return { ...args, ...(await runCommand(command, optionsOf(args), { stdout: "", stderr: "" }, context)) };
  },
};
