import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parse } from "yaml";
import { messageOf } from "../../core/errors.ts";
import { at, string } from "../../core/json.ts";
import { parseReference } from "../../core/secrets/reference.ts";
import type { SecretReference } from "../../core/secrets/reference.ts";
import { configure, resolveSecret } from "../../systems/onePassword/resolver.ts";
import type { OnePasswordConnection } from "../../systems/onePassword/resolver.ts";
import { messageAbout, newsOf } from "./message.ts";
import type { Ran, Shape, Topic } from "./message.ts";
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

export interface NotifyOptions {
  /** Where it is remembered what was sent, so that the same is sent only once. */
  readonly folder: string;
  /** Says how to reach 1Password. */
  readonly settingsFile: string;
  /** Seconds for which a webhook that is down is tried again. */
  readonly retryFor?: number;
  /** Ends it before it is sent. */
  readonly signal?: AbortSignal;
}

/** Sends what needs a person, and an all-clear when it no longer does. A webhook that fails does not fail the run; the next run sends again. */
export async function notify(webhook: Webhook, ran: Ran, options: NotifyOptions): Promise<void> {
  const file = join(options.folder, "notified");
  const before = remembered(file, webhook);
  const news = newsOf(ran).filter(({ topic, about }) => about !== (before[topic] ?? ""));
  if (news.length === 0) return;
  const after: Memory = { ...before, ...Object.fromEntries(news.map(({ topic, about }) => [topic, about])) };
  const others = TOPICS.filter((topic) => (after[topic] ?? "") !== "");
  try {
    const shape = shapeOf(webhook);
    if (parseReference(webhook.address)?.kind === "op") configure(connectionIn(options.settingsFile));
    const address = await resolveSecret(webhook.address, options.signal);
    const why = await send(address, shape, messageAbout(ran.stack, news, others), webhook.setting, options);
    if (why !== undefined) throw new Error(`the webhook of ${webhook.address}: ${why}`);
  } catch (error) {
    process.stderr.write(`The notification was not sent (${webhook.setting}): ${messageOf(error)}\n`);
    return;
  }
  remember(file, after, webhook);
}

const TOPICS: readonly Topic[] = ["check", "update", "keys"];

/** What needs attention and was sent, by topic. */
type Memory = Readonly<Partial<Record<Topic, string>>>;

/** Nothing if it cannot be read: two notifications are better than none. */
function remembered(file: string, { setting }: Webhook): Memory {
  try {
    if (!existsSync(file)) return {};
    const read: unknown = JSON.parse(readFileSync(file, "utf8"));
    return Object.fromEntries(TOPICS.map((topic) => [topic, string(at(read, topic))]));
  } catch (error) {
    // An earlier release wrote text.
    if (error instanceof SyntaxError) return {};
    process.stderr.write(
      `The last notification cannot be read (${setting}), so it may be sent again: ${messageOf(error)}\n`,
    );
    return {};
  }
}

function remember(file: string, memory: Memory, { setting }: Webhook): void {
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `${JSON.stringify(memory, null, 2)}\n`);
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
