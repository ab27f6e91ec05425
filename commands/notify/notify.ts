import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { messageOf } from "../../core/errors.ts";
import { at } from "../../core/json.ts";
import { parseReference } from "../../core/secrets/reference.ts";
import type { SecretReference } from "../../core/secrets/reference.ts";
import { configure, resolveSecret } from "../../systems/onePassword/resolver.ts";
import type { OnePasswordConnection } from "../../systems/onePassword/resolver.ts";
import { TOPICS, remembered } from "./memory.ts";
import type { Memory, MemoryStore } from "./memory.ts";
import { messageAbout, newsOf } from "./message.ts";
import type { Message, Ran, Shape } from "./message.ts";
import { send } from "./webhook.ts";

export interface Webhook {
  /** Reference to its address. */
  readonly address: SecretReference;
  /** `slack`, `matrix`, `ntfy`, or a file with a JSON template. */
  readonly format: string;
  /** The option or variable that names the address, for errors. */
  readonly setting: string;
  /** The same for the format. */
  readonly formatSetting: string;
}

export interface DeliveryOptions {
  /** Says how to reach 1Password. */
  readonly settingsFile: string;
  /** Seconds for which a webhook that is down is tried again. */
  readonly retryFor?: number;
  /** Ends it before it is sent. */
  readonly signal?: AbortSignal;
}

export interface NotifyOptions extends DeliveryOptions {
  readonly memory: MemoryStore;
}

/** Sends what needs a person, and an all-clear when it no longer does. A webhook that fails does not fail the run; the next run sends again. */
export async function notify(webhook: Webhook, ran: Ran, options: NotifyOptions): Promise<void> {
  const before = await recall(options.memory, webhook);
  const news = newsOf(ran).filter(({ topic, about }) => remembered(about) !== (before[topic] ?? ""));
  if (news.length === 0) return;
  const after: Memory = {
    ...before,
    ...Object.fromEntries(news.map(({ topic, about }) => [topic, remembered(about)])),
  };
  const others = TOPICS.filter((topic) => (after[topic] ?? "") !== "");
  try {
    await deliver(webhook, messageAbout(ran.stack, news, others), options);
  } catch (error) {
    process.stderr.write(`The notification was not sent (${webhook.setting}): ${messageOf(error)}\n`);
    return;
  }
  await remember(options.memory, after, webhook);
}

/**
 * @returns the webhook's server, which is all of its address that may be shown
 * @throws Error if it was not sent, and why
 */
export async function deliver(webhook: Webhook, message: Message, options: DeliveryOptions): Promise<string> {
  const shape = shapeOf(webhook);
  if (parseReference(webhook.address)?.kind === "op") configure(connectionIn(options.settingsFile));
  const address = await resolveSecret(webhook.address, options.signal);
  const sent = await send(address, shape, message, webhook.setting, options);
  if (sent.failed !== undefined) throw new Error(`the webhook of ${webhook.address}: ${sent.failed}`);
  return sent.server;
}

/** Nothing if it cannot be read: two notifications are better than none. */
async function recall(memory: MemoryStore, { setting }: Webhook): Promise<Memory> {
  try {
    return await memory.read();
  } catch (error) {
    process.stderr.write(
      `The last notification cannot be read (${setting}), so it may be sent again: ${messageOf(error)}\n`,
    );
    return {};
  }
}

async function remember(memory: MemoryStore, sent: Memory, { setting }: Webhook): Promise<void> {
  try {
    await memory.write(sent);
  } catch (error) {
    process.stderr.write(
      `The notification was sent (${setting}), but cannot be remembered, so the next run sends it again: ${messageOf(error)}\n`,
    );
  }
}

function shapeOf({ format, formatSetting }: Webhook): Shape {
  if (format === "slack" || format === "matrix" || format === "ntfy") return format;
  const text = readFileSync(format, "utf8");
  try {
    return { template: JSON.parse(text) as unknown };
  } catch {
    // The parser would quote the template.
    throw new Error(`the template ${format} (${formatSetting}) is not JSON`);
  }
}

/** As the settings say, which as a whole may be invalid by now. */
function connectionIn(settingsFile: string): OnePasswordConnection {
  const { config } = parse(readFileSync(settingsFile, "utf8")) as { readonly config?: unknown };
  return at(config, "zot-auth:onePassword") ?? {};
}
