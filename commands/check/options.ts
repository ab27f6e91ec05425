import { isDuration, toSeconds } from "../../core/duration.ts";
import { parseReference } from "../../core/secrets/reference.ts";
import type { SecretReference } from "../../core/secrets/reference.ts";
import type { Webhook } from "../notify/notify.ts";

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

export function ownOptionsIn(args: readonly string[]): OwnOptions | OptionsProblem {
  const full = args.includes("--full");
  const [textfile, afterTextfile] = take(
    "--textfile",
    args.filter((option) => option !== "--full"),
  );
  const [address, afterListen] = take("--listen", afterTextfile);
  const [interval = "1 hour", afterEvery] = take("--every", afterListen);
  const [webhook, afterNotify] = take("--notify", afterEvery);
  const [format, rest] = take("--notify-format", afterNotify);
  if (textfile === "") return "--textfile needs the name of a file";
  if (webhook === undefined && format !== undefined) return "--notify-format goes with --notify";
  if (webhook !== undefined && !isSecretReference(webhook))
    return "--notify needs a reference to the webhook's address: env:NAME, file:path or op://vault/item/field";
  if (format === "") return "--notify-format needs slack, matrix, ntfy, or a file with a template";
  const notify = webhook === undefined ? undefined : { address: webhook, format: format ?? "slack" };
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

/** An option with its value, and the arguments without both; an empty value if it lacks one. */
function take(name: string, args: readonly string[]): readonly [value: string | undefined, rest: readonly string[]] {
  const at = args.findIndex((option) => option === name || option.startsWith(`${name}=`));
  if (at < 0) return [undefined, args];
  const [option = "", value = ""] = args.slice(at);
  const apart = option === name;
  return [apart ? value : option.slice(name.length + 1), args.toSpliced(at, apart ? 2 : 1)];
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

function isSecretReference(text: string): text is SecretReference {
  return parseReference(text) !== undefined;
}
