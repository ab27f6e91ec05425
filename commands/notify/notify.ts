import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parse } from "yaml";
import { messageOf } from "../../core/errors.ts";
import { at } from "../../core/json.ts";
import { parseReference } from "../../core/secrets/reference.ts";
import type { SecretReference } from "../../core/secrets/reference.ts";
import { configure, resolveSecret } from "../../systems/onePassword/resolver.ts";
import type { OnePasswordConnection } from "../../systems/onePassword/resolver.ts";
import { allClear, newsOf } from "./message.ts";
import type { Checked, Shape } from "./message.ts";
import { send } from "./webhook.ts";

export interface Webhook {
  /** Reference to its address. */
  readonly address: SecretReference;
  /** `slack`, `matrix`, `ntfy`, or a file with a JSON template. */
  readonly format: string;
}

export interface NotifyOptions {
  /** Where the last notification is remembered, so that the same one is sent only once. */
  readonly folder: string;
  /** Says how to reach 1Password. */
  readonly settingsFile: string;
  /** Seconds for which a webhook that is down is tried again. */
  readonly retryFor?: number;
  /** Ends it before it is sent. */
  readonly signal?: AbortSignal;
}

/** Sends what needs a person, and an all-clear when nothing does any more. A webhook that fails does not fail the check; the next check sends again. */
export async function notify(webhook: Webhook, checked: Checked, options: NotifyOptions): Promise<void> {
  const memory = join(options.folder, "notified");
  const news = newsOf(checked);
  if ((news?.about ?? "") === lastNotified(memory)) return;
  try {
    const shape = shapeOf(webhook.format);
    if (parseReference(webhook.address)?.kind === "op") configure(connectionIn(options.settingsFile));
    const address = await resolveSecret(webhook.address, options.signal);
    const why = await send(address, shape, news?.message ?? allClear(checked.stack), options);
    if (why !== undefined) throw new Error(`the webhook of ${webhook.address}: ${why}`);
  } catch (error) {
    process.stderr.write(`The notification was not sent (--notify): ${messageOf(error)}\n`);
    return;
  }
  remember(memory, news?.about);
}

/** Nothing if it cannot be read: two notifications are better than none. */
function lastNotified(file: string): string {
  try {
    return existsSync(file) ? readFileSync(file, "utf8") : "";
  } catch (error) {
    process.stderr.write(
      `The last notification cannot be read (--notify), so it may be sent again: ${messageOf(error)}\n`,
    );
    return "";
  }
}

function remember(file: string, about: string | undefined): void {
  try {
    if (about === undefined) {
      rmSync(file);
      return;
    }
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, about);
  } catch (error) {
    process.stderr.write(
      `The notification was sent (--notify), but cannot be remembered, so the next check sends it again: ${messageOf(error)}\n`,
    );
  }
}

function shapeOf(format: string): Shape {
  if (format === "slack" || format === "matrix" || format === "ntfy") return format;
  const text = readFileSync(format, "utf8");
  try {
    return { template: JSON.parse(text) as unknown };
  } catch {
    // The parser would quote the template.
    throw new Error(`the template ${format} (--notify-format) is not JSON`);
  }
}

/** As the settings say, which as a whole may be invalid by now. */
function connectionIn(settingsFile: string): OnePasswordConnection {
  const { config } = parse(readFileSync(settingsFile, "utf8")) as { readonly config?: unknown };
  return at(config, "zot-auth:onePassword") ?? {};
}
