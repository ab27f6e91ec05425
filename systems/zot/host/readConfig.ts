import { execFile } from "node:child_process";
import { readConfigSeen } from "../signIn/diagnosis/configSeen.ts";
import type { ConfigSeen } from "../signIn/diagnosis/configSeen.ts";
import { quote, runOnHost, scriptOnHost } from "./shell.ts";

/** Where zot's config is. */
export interface ConfigPlace {
  /** `local`, or `ssh:<destination>`: reached by the user's own ssh. */
  readonly host: string;
  /** Absolute. */
  readonly configFile: string;
}

/** The config, or why it cannot be read. */
export type ConfigLook = { readonly config: ConfigSeen } | { readonly problem: string };

/** Looks at zot's config on its host. A diagnosis gets sharper with it, and does without it where the host does not answer. */
export async function lookAtConfig({ host, configFile }: ConfigPlace, signal: AbortSignal): Promise<ConfigLook> {
  const { text, problem } = await new Promise<{ text: string; problem: string }>((done) => {
    const options = {
      env: { ...process.env, LOOK: scriptOnHost(host, `cat ${quote(configFile)}`) },
      timeout: 20_000,
      signal,
    };
    execFile("/bin/sh", ["-c", runOnHost(host, "LOOK")], options, (error, stdout, stderr) => {
      // The error's own message would repeat the command; what ssh or cat says is enough.
      const said = stderr.trim().split("\n").at(-1) ?? "";
      done({
        text: stdout,
        problem: error === null ? "" : said === "" ? `exit code ${error.code ?? "unknown"}` : said,
      });
    });
  });
  signal.throwIfAborted();
  if (problem !== "") return { problem };
  const config = readConfigSeen(text);
  return config === undefined ? { problem: "it is no JSON object" } : { config };
}
