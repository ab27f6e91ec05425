import { join } from "node:path";

/** Where the reports of a stack are: `reports/<stack>`, or below the folder that ZOT_AUTH_REPORTS names. */
export function folderFor(stack: string, env: NodeJS.ProcessEnv): string {
  return join(env["ZOT_AUTH_REPORTS"] ?? "reports", stack.replaceAll("/", "."));
}

/** Where it is remembered what was notified: there, or in the usual folder if reports are switched off. */
export function notifiedFolderFor(stack: string, env: NodeJS.ProcessEnv): string {
  return folderFor(stack, env["ZOT_AUTH_REPORTS"] === "" ? {} : env);
}

/** The plugins and servers that are stand-ins, as the toolchain names them. */
export function standInsIn(env: NodeJS.ProcessEnv): readonly string[] {
  return (env["ZOT_AUTH_STAND_INS"] ?? "").split(",").filter((name) => name !== "");
}
