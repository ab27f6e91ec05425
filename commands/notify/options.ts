import { parseReference } from "../../core/secrets/reference.ts";
import type { SecretReference } from "../../core/secrets/reference.ts";
import { takeOption } from "../commandLine/request.ts";
import type { Webhook } from "./notify.ts";

/** The webhook that is notified, and the arguments without its options. */
export interface Notified {
  readonly webhook: Webhook | undefined;
  readonly rest: readonly string[];
}

/** @returns why the options are invalid, if they are. Timers and workflows set the variables, whose empty value is as none */
export function webhookIn(args: readonly string[], env: NodeJS.ProcessEnv): Notified | string {
  const [given, afterNotify] = takeOption("--notify", args);
  const [shape, rest] = takeOption("--notify-format", afterNotify);
  const [address, setting] = chosen(given, "--notify", env, "ZOT_AUTH_NOTIFY");
  const [format = "slack", formatSetting] = chosen(shape, "--notify-format", env, "ZOT_AUTH_NOTIFY_FORMAT");
  if (address === undefined)
    return shape === undefined ? { webhook: undefined, rest } : "--notify-format goes with --notify";
  if (!isSecretReference(address))
    return `${setting} needs a reference to the webhook's address: env:NAME, file:path or op://vault/item/field`;
  if (format === "") return `${formatSetting} needs slack, matrix, ntfy, or a file with a template`;
  return { webhook: { address, setting, format, formatSetting }, rest };
}

/** The option's value, or else the variable's, and which of them it is. */
function chosen(
  option: string | undefined,
  name: string,
  env: NodeJS.ProcessEnv,
  variable: string,
): readonly [value: string | undefined, setting: string] {
  if (option !== undefined) return [option, name];
  const value = env[variable];
  return [value === "" ? undefined : value, variable];
}

function isSecretReference(text: string): text is SecretReference {
  return parseReference(text) !== undefined;
}
