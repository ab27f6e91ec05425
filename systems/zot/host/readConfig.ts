import { readConfigSeen } from "../signIn/diagnosis/configSeen.ts";
import type { ConfigSeen } from "../signIn/diagnosis/configSeen.ts";
import { askHost } from "./shell/ask.ts";
import { quote } from "./shell/shell.ts";

/** Where zot's config is. */
export interface ConfigPlace {
  /** `local`, or `ssh:<destination>`: reached by the user's own ssh. */
  readonly host: string;
  /** Absolute. */
  readonly configFile: string;
}

/** The config, or why it cannot be read. */
export type ConfigLook = { readonly config: ConfigSeen } | { readonly problem: string };

/** Reads zot's config on its host. It makes a diagnosis more precise, but is optional: the host may not respond. */
export async function lookAtConfig({ host, configFile }: ConfigPlace, signal: AbortSignal): Promise<ConfigLook> {
  const { code, stdout, reason } = await askHost(host, `cat ${quote(configFile)}`, { signal, timeoutSeconds: 20 });
  if (code !== 0) return { problem: reason };
  const config = readConfigSeen(stdout);
  return config === undefined ? { problem: "it is not a JSON object" } : { config };
}
