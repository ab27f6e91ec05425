// npm run notify -- <stack>: sends a test message to the webhook that the check and the update would notify.
import { messageOf } from "../../core/errors.ts";
import { testMessage } from "./message.ts";
import { deliver } from "./notify.ts";
import { webhookIn } from "./options.ts";
import { requestOf, settingsFileOf } from "../commandLine/request.ts";
import { USAGE, asksForHelp, synopsisOf } from "../commandLine/usage.ts";

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  if (asksForHelp(args)) {
    process.stdout.write(USAGE.notify);
    return 0;
  }
  const notified = webhookIn(args, process.env);
  if (typeof notified === "string") return wrong(`${notified}.`);
  const request = requestOf(notified.rest);
  if (request === undefined || request.others.length > 0) return wrong();
  const { webhook } = notified;
  if (webhook === undefined) return wrong("No webhook is named: neither by --notify nor by ZOT_AUTH_NOTIFY.");
  const { stack } = request;
  const { address, setting, format } = webhook;
  const message = testMessage(stack);
  try {
    const server = await deliver(webhook, message, { settingsFile: settingsFileOf(request) });
    process.stdout.write(`✓ sent to ${server} (${address}), as ${format}: "${message.title}", "${message.text}"\n`);
    return 0;
  } catch (error) {
    process.stderr.write(`✗ The notification was not sent (${setting}): ${messageOf(error)}\n`);
    return 1;
  }
}

function wrong(why?: string): 2 {
  process.stderr.write(`${why === undefined ? "" : `${why}\n`}${synopsisOf("notify")}`);
  return 2;
}
