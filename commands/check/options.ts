import { isDuration, toSeconds } from "../../core/time/duration.ts";
import type { Webhook } from "../notify/notify.ts";
import { webhookIn } from "../notify/options.ts";
import { takeOption } from "../commandLine/request.ts";

/** The options of `npm run check` that Pulumi does not know. */
export interface OwnOptions {
  /** File for the metrics. */
  readonly textfile: string | undefined;
  /** Where the metrics are served, between checks: host and port. */
  readonly listen: { readonly host: string; readonly port: number } | undefined;
  /** Seconds between two checks, with `listen`. */
  readonly every: number;
  /** Whether the proofs run again. */
  readonly full: boolean;
  /** The webhook that is notified when something needs attention. */
  readonly notify: Webhook | undefined;
  /** Everything else. */
  readonly rest: readonly string[];
}

/** Why the options are invalid. */
export type OptionsProblem = string;

const HOUR = 3600;

export function ownOptionsIn(
  args: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): OwnOptions | OptionsProblem {
  const full = args.includes("--full");
  const [textfile, afterTextfile] = takeOption(
    "--textfile",
    args.filter((option) => option !== "--full"),
  );
  const [address, afterListen] = takeOption("--listen", afterTextfile);
  const [interval = "1 hour", afterEvery] = takeOption("--every", afterListen);
  if (textfile === "") return "--textfile needs the name of a file";
  const notified = webhookIn(afterEvery, env);
  if (typeof notified === "string") return notified;
  const { webhook: notify, rest } = notified;
  if (!isDuration(interval)) return `--every "${interval}" is not a duration such as "1 hour"`;
  const every = toSeconds(interval);
  if (every < 60) return `--every "${interval}" is less than a minute: a check asks every server`;
  if (address === undefined)
    return afterListen.length === afterEvery.length
      ? { textfile, listen: undefined, every: HOUR, full, notify, rest }
      : "--every goes with --listen";
  const listen = addressIn(address);
  if (listen === undefined) return `--listen "${address}" is not host:port, such as 127.0.0.1:9464`;
  if (full)
    return "--full does not go with --listen: each proof leaves traces in the registry, and CI runs test builds";
  return { textfile, listen, every, full, notify, rest };
}

/** `127.0.0.1:9464`, `[::1]:9464`, `:9464` for all addresses. */
function addressIn(text: string): OwnOptions["listen"] {
  const [, host = "", digits = ""] = /^(.*):(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (digits === "" || port > 65_535) return undefined;
  const bare = host.replace(/^\[(.*)\]$/, "$1");
  if (bare.includes(":") && bare === host) return undefined;
  return { host: bare === "" ? "::" : bare, port };
}
